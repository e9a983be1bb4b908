import asyncio
import time

import pytest
import zmq

from framebus.config.load import Config
from framebus.protocol.stills import ClipRequest, SnapshotRequest
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import snapshot_endpoint
from gateway.cameras import service_client
from gateway.cameras.stills_client import StillsClient
from gateway.net.errors import HttpError
from tests.gateway.camera import frame_header, jpeg
from tests.gateway.still_service import StillService

FRONT = SnapshotRequest(camera="front")
SOON = SnapshotRequest(camera="front", timeout=0.01)


@pytest.fixture
def context() -> "zmq.Context[zmq.Socket[bytes]]":
    return zmq.Context()


async def test_many_who_ask_for_the_same_at_once_share_one_request(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    async with StillService(config).answering(jpeg()) as service:
        frames = await asyncio.gather(*(stills.get(FRONT) for _ in range(500)))
        await stills.get(FRONT)
    assert [frame.jpeg for frame in frames] == [jpeg()] * 500
    assert service.requests == [{"camera": "front"}] * 2
    stills.close()
    context.destroy()


async def test_each_wish_is_a_request_of_its_own(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    wishes = [SnapshotRequest(camera="front", width=width) for width in range(1, 51)]
    async with StillService(config).answering(jpeg()) as service:
        await asyncio.gather(*map(stills.get, wishes))
    assert sorted(request["width"] for request in service.requests) == list(range(1, 51))
    stills.close()
    context.destroy()


async def test_a_fresh_still_that_was_made_for_an_earlier_asker_is_asked_for_anew(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    old = pack("snapshot", "front", frame_header("front", 1, monotonic=time.monotonic() - 1), jpeg())
    async with StillService(config).saying(old) as service:
        await stills.get(SnapshotRequest(camera="front", fresh=True))
        assert len(service.requests) == 2
    stills.close()
    context.destroy()


async def test_one_who_leaves_does_not_end_it_for_the_others(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    first, second = (asyncio.create_task(stills.get(FRONT)) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    async with StillService(config).answering(jpeg()):
        assert (await second).jpeg == jpeg()
    stills.close()
    context.destroy()


async def test_a_service_that_comes_late_is_waited_for(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    waiting = asyncio.create_task(stills.get(FRONT))
    await asyncio.sleep(0.2)
    async with StillService(config).answering(jpeg()):
        assert (await waiting).jpeg == jpeg()
    stills.close()
    context.destroy()


async def test_the_service_may_be_restarted(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    for colour in ("red", "green"):
        async with StillService(config).answering(jpeg(colour)):
            assert (await stills.get(FRONT)).jpeg == jpeg(colour)
    stills.close()
    context.destroy()


async def test_a_late_reply_goes_to_nobody_else(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    with pytest.raises(HttpError) as refusal:
        await stills.get(SOON)
    assert (refusal.value.status_code, refusal.value.message) == (
        504,
        "the snapshot service did not answer within 0.51 s",
    )
    async with StillService(config).answering(jpeg()) as service:
        assert (await stills.get(FRONT)).jpeg == jpeg()
        assert len(service.requests) == 2  # the one that was given up is answered first
    stills.close()
    context.destroy()


async def test_there_is_a_limit_to_those_who_wait(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_client, "MAX_WAITING", 1)
    stills = StillsClient(snapshot_endpoint(config), context)
    first = asyncio.create_task(stills.get(SOON))
    await asyncio.sleep(0.01)
    with pytest.raises(HttpError) as refusal:
        await stills.get(FRONT)
    assert (refusal.value.status_code, refusal.value.message) == (
        503,
        "1 requests to the snapshot service are under way already",
    )
    with pytest.raises(HttpError):
        await first
    stills.close()
    context.destroy()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unknown-camera", 404),
        ("not-kept", 404),
        ("bad-request", 400),
        ("timeout", 504),
        ("no-frame", 503),
        ("stale", 503),
        ("offline", 503),
        ("busy", 503),
    ],
)
async def test_a_refusal_of_the_service_is_passed_on(
    code: str, status: int, config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config), context)
    async with StillService(config).refusing(code, "why"):
        with pytest.raises(HttpError) as refusal:
            await stills.get(FRONT)
        assert (refusal.value.status_code, refusal.value.code, refusal.value.message) == (status, code, "why")
        with pytest.raises(HttpError) as refusal:
            await stills.clip(ClipRequest(camera="front", clip="avi"))
        assert refusal.value.status_code == status
    stills.close()
    context.destroy()
