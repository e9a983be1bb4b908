import asyncio
import contextlib
import time

import pytest
import zmq

from framebus.config.load import Config
from framebus.protocol.stills import ClipHeader, ClipRequest, SnapshotRequest
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import snapshot_endpoint
from gateway.cameras.stills_client import StillsClient
from gateway.net.errors import HttpError
from tests.gateway.camera import jpeg
from tests.gateway.conftest import until
from tests.gateway.still_service import StillService
from tests.headers import frame_header

FRONT = SnapshotRequest(camera="front")
SOON = SnapshotRequest(camera="front", timeout=0.01)


@pytest.fixture
def context() -> "zmq.Context[zmq.Socket[bytes]]":
    return zmq.Context()


async def test_simultaneous_equal_requests_are_sent_once(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    async with StillService(config).answering(jpeg()) as service:
        frames = await asyncio.gather(*(stills.get(FRONT) for _ in range(500)))
        await stills.get(FRONT)
    assert [frame.jpeg for frame in frames] == [jpeg()] * 500
    assert service.requests == [{"camera": "front"}] * 2
    stills.close()
    context.destroy()


async def test_each_wish_is_a_request_of_its_own(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    parameters = [SnapshotRequest(camera="front", width=width) for width in range(1, 51)]
    async with StillService(config).answering(jpeg()) as service:
        await asyncio.gather(*map(stills.get, parameters))
    assert sorted(request["width"] for request in service.requests) == list(range(1, 51))
    stills.close()
    context.destroy()


async def test_a_still_made_for_an_earlier_request_that_is_too_old_for_a_later_one_is_requested_again(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    old = pack("snapshot", "front", frame_header("front", 1, monotonic=time.monotonic() - 1), jpeg())
    async with StillService(config).saying(old) as service:
        await asyncio.gather(*(stills.get(SnapshotRequest(camera="front", max_age=0.5)) for _ in range(2)))
        assert len(service.requests) == 2, "one for the first, and one for the second again"
        await asyncio.gather(*(stills.get(SnapshotRequest(camera="front", max_age=1e6)) for _ in range(2)))
        assert len(service.requests) == 3
    stills.close()
    context.destroy()


async def test_a_fresh_still_made_for_an_earlier_request_is_requested_again(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    old = pack("snapshot", "front", frame_header("front", 1, monotonic=time.monotonic() - 1), jpeg())
    async with StillService(config).saying(old) as service:
        await stills.get(SnapshotRequest(camera="front", fresh=True))
        assert len(service.requests) == 2
    stills.close()
    context.destroy()


async def test_a_caller_that_leaves_does_not_cancel_the_request_of_the_others(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    first, second = (asyncio.create_task(stills.get(FRONT)) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    async with StillService(config).answering(jpeg()):
        assert (await second).jpeg == jpeg()
    stills.close()
    context.destroy()


@pytest.mark.slow
async def test_a_service_that_comes_late_is_waited_for(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    waiting = asyncio.create_task(stills.get(FRONT))
    await asyncio.sleep(0.2)
    async with StillService(config).answering(jpeg()):
        assert (await waiting).jpeg == jpeg()
    stills.close()
    context.destroy()


async def test_the_service_may_be_restarted(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)

    async def answer() -> bytes:
        """A request that goes out just before libzmq notices the restart is lost: the next one is answered."""
        for _ in range(2):
            with contextlib.suppress(HttpError):
                return (await stills.get(FRONT)).jpeg
        return (await stills.get(FRONT)).jpeg

    try:
        for colour in ("red", "green"):
            async with StillService(config).answering(jpeg(colour)):
                assert await answer() == jpeg(colour)
    finally:
        stills.close()
        context.destroy()


@pytest.mark.slow
async def test_a_late_reply_goes_to_no_other_request(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
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


@pytest.mark.slow
async def test_the_number_of_requests_under_way_is_limited(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context, max_waiting=1)
    first = asyncio.create_task(stills.get(SOON))
    await asyncio.sleep(0.01)
    with pytest.raises(HttpError) as refusal:
        await stills.get(FRONT)
    assert (refusal.value.status_code, refusal.value.message) == (
        503,
        "1 requests to the snapshot service are in progress already",
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
    stills = StillsClient(snapshot_endpoint(config.run_dir), context, catch_up_seconds=0.0)
    async with StillService(config).refusing(code, "why"):
        with pytest.raises(HttpError) as refusal:
            await stills.get(FRONT)
        assert (refusal.value.status_code, refusal.value.code, refusal.value.message) == (status, code, "why")
        with pytest.raises(HttpError) as refusal:
            await stills.clip(ClipRequest(camera="front", clip="avi"))
        assert refusal.value.status_code == status
    stills.close()
    context.destroy()


async def test_a_service_that_learns_of_a_camera_later_is_asked_again(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context, catch_up_seconds=30.0)
    async with StillService(config).refusing("unknown-camera", "why") as service:
        still = asyncio.create_task(stills.get(FRONT))
        clip = asyncio.create_task(stills.clip_header(ClipRequest(camera="front", clip="avi")))
        await until(lambda: len(service.requests) >= 4)
    async with StillService(config).answering(jpeg()):
        assert (await still).jpeg == jpeg()
        with pytest.raises(HttpError) as refusal:
            await clip
        assert refusal.value.code == "bad-reply"  # this service has no clips
    stills.close()
    context.destroy()


async def test_the_last_caller_that_leaves_takes_the_request_back(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context, max_waiting=2)
    settled = SnapshotRequest(camera="front", settle=60.0, timeout=60)
    async with StillService(config).silent() as service:
        callers = [asyncio.create_task(stills.get(settled)) for _ in range(3)]
        await until(lambda: service.requests)
        for caller in callers[:2]:
            caller.cancel()
        await asyncio.gather(*callers[:2], return_exceptions=True)
        assert stills.waiting == 1
        callers[2].cancel()
        await until(lambda: len(service.requests) == 2)
        assert service.requests[1] == {"camera": "front", "cancel": True}
        assert service.envelopes[0] == service.envelopes[1], "the same envelope: the service knows which one is meant"
        assert stills.waiting == 0
        later = asyncio.create_task(stills.get(settled))
        await until(lambda: len(service.requests) == 3)
        later.cancel()
        await asyncio.gather(later, callers[2], return_exceptions=True)
    stills.close()
    context.destroy()


async def test_the_end_of_the_gateway_ends_requests_under_way(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    caller = asyncio.create_task(stills.get(FRONT))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stills.close()
    context.destroy()
    with pytest.raises(asyncio.CancelledError):
        await caller


CLIP = ClipRequest(camera="front", clip="avi")
PAGE = pack(
    "clip", "front", ClipHeader(v=1, camera="front", id="c1", size=10, offset=0, frames=3, seconds=1.5), b"01234"
)


async def test_a_clip_that_is_not_read_to_its_end_is_ended(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    stills = StillsClient(snapshot_endpoint(config.run_dir), context)
    async with StillService(config).saying(PAGE) as service:
        _, pages = await stills.clip(CLIP)
        pages.close()
        pages.close()
        await until(lambda: len(service.requests) == 2)
        assert service.requests[1] == {"camera": "front", "clip": "avi", "id": "c1", "end": True}
        _, read = await stills.clip(CLIP)
        assert b"".join([page async for page in read]) == b"0123401234"
        read.close()
        await stills.clip_header(CLIP)
        assert [request.get("end") for request in service.requests[2:]] == [None, None, True]
    stills.close()
    context.destroy()
