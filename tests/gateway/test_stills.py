import asyncio

import pytest
import zmq

from framebus.config import Config
from framebus.run_dir import snapshot_endpoint
from gateway import stills
from gateway.errors import Refusal
from gateway.stills import Stills
from tests.gateway.camera import jpeg
from tests.gateway.still_service import StillService


@pytest.fixture
def context() -> "zmq.Context[zmq.Socket[bytes]]":
    return zmq.Context()


async def test_many_ask_at_once(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    asking = Stills(snapshot_endpoint(config), context, 5)
    async with StillService(config).answering(jpeg()) as service:
        frames = await asyncio.gather(*(asking.get("front") for _ in range(50)))
    assert [frame.jpeg for frame in frames] == [jpeg()] * 50
    assert len(service.requests) == 50
    asking.close()
    context.destroy()


async def test_a_service_that_comes_late_is_waited_for(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]"
) -> None:
    asking = Stills(snapshot_endpoint(config), context, 10)
    waiting = asyncio.create_task(asking.get("front"))
    await asyncio.sleep(0.2)
    async with StillService(config).answering(jpeg()):
        assert (await waiting).jpeg == jpeg()
    asking.close()
    context.destroy()


async def test_the_service_may_be_restarted(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    asking = Stills(snapshot_endpoint(config), context, 10)
    for colour in ("red", "green"):
        async with StillService(config).answering(jpeg(colour)):
            assert (await asking.get("front")).jpeg == jpeg(colour)
    asking.close()
    context.destroy()


async def test_a_late_reply_goes_to_nobody_else(config: Config, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    asking = Stills(snapshot_endpoint(config), context, 0.2)
    with pytest.raises(Refusal) as refusal:
        await asking.get("front")
    assert (refusal.value.status_code, refusal.value.message) == (
        504,
        "the snapshot service did not answer within 0.2 s",
    )
    async with StillService(config).answering(jpeg()) as service:
        asking._deadline_seconds = 10
        assert (await asking.get("front")).jpeg == jpeg()
        assert len(service.requests) == 2  # the one that was given up is answered first
    asking.close()
    context.destroy()


async def test_there_is_a_limit_to_those_who_wait(
    config: Config, context: "zmq.Context[zmq.Socket[bytes]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stills, "MAX_WAITING", 1)
    asking = Stills(snapshot_endpoint(config), context, 0.2)
    first = asyncio.create_task(asking.get("front"))
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refusal:
        await asking.get("front")
    assert (refusal.value.status_code, refusal.value.message) == (
        503,
        "1 requests for stills are under way already",
    )
    with pytest.raises(Refusal):
        await first
    asking.close()
    context.destroy()
