"""Events on the page's websocket: for who asked, of cameras that they may see, and without a subscription otherwise."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zmq
from tornado.websocket import WebSocketClientConnection

from framebus.protocol.events import EventHeader, Phase
from framebus.protocol.wire import pack, parse
from gateway.cameras.event_feed import EventFeed
from gateway.http.websocket_handlers import SUBPROTOCOL
from gateway.viewers.websocket import MAX_UNSENT_EVENTS
from tests.conftest import Configure
from tests.framebus.golden.make import EVENT
from tests.framebus.publisher import Publisher
from tests.gateway.access.accounts_site import add, token
from tests.gateway.conftest import Site, serving, until
from tests.gateway.http.test_websocket_handlers import answered, binary, connect
from tests.gateway.http.test_websocket_handlers import close_connections as close_connections

TWO = '[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n'


def event(phase: Phase, published: float, camera: str = "front", id: str = "a") -> EventHeader:
    return msgspec.structs.replace(EVENT, phase=phase, published=published, camera=camera, id=id)


def send(publisher: Publisher, header: EventHeader) -> None:
    publisher.send_message(pack("event", header.camera, header))


async def received(connection: WebSocketClientConnection) -> EventHeader:
    return parse(await binary(connection, "event"), EventHeader)[1]


@pytest.fixture
def publisher(site: Site) -> Iterator[Publisher]:
    made = Publisher(f"ipc://{site.config.run_dir}/events")
    yield made
    made.close()


async def asking(site: Site, publisher: Publisher, first: bool = True) -> WebSocketClientConnection:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"events":["front"]}')
    if first:
        assert await asyncio.to_thread(publisher.subscription) == b"\x01event/"
    return connection


async def left(connection: WebSocketClientConnection) -> None:
    """Close it, and wait for the answer."""
    connection.close()
    async with asyncio.timeout(10):
        while await connection.read_message() is not None:
            pass


async def test_who_asked_gets_each_message_and_a_second_one_what_is_in_progress(
    site: Site, publisher: Publisher
) -> None:
    connection = await asking(site, publisher)
    send(publisher, event("start", 1))
    assert await received(connection) == event("start", 1)
    send(publisher, event("start", 1))  # for another subscriber
    publisher.send_message(b"event/front\n{}\n")
    send(publisher, event("update", 2))
    assert await received(connection) == event("update", 2)

    second = await asking(site, publisher, first=False)

    assert await received(second) == event("update", 2)
    send(publisher, event("end", 3))
    assert [await received(one) for one in (connection, second)] == [event("end", 3)] * 2


async def test_without_a_page_that_asked_there_is_no_subscription(site: Site, publisher: Publisher) -> None:
    connection = await asking(site, publisher)
    await connection.write_message('{"events":[]}')
    assert await asyncio.to_thread(publisher.subscription) == b"\x00event/"

    connection = await asking(site, publisher)
    await left(connection)
    assert await asyncio.to_thread(publisher.subscription) == b"\x00event/"


async def test_a_camera_that_is_not_there_is_an_error(site: Site, publisher: Publisher) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"events":["cellar"]}')
    assert await answered(connection, "error") == '{"error":"there is no camera cellar; there is front"}'
    assert not publisher.is_heard()


async def test_events_of_a_camera_that_may_not_be_seen_do_not_come(configure: Configure) -> None:
    config = configure(TWO)
    add(config, tokens={"b": token("secret", "view", cameras=("back",))})
    publisher = Publisher(f"ipc://{config.run_dir}/events")
    async with serving(config) as site:
        connection = await connect(site, "/ws?token=secret", subprotocols=[SUBPROTOCOL])
        await connection.write_message('{"events":["front","back"]}')
        assert await answered(connection, "error") == '{"error":"there is no camera front; there is back"}'
        await asyncio.to_thread(publisher.subscription)
        send(publisher, event("start", 1, "front", "hidden"))
        send(publisher, event("start", 2, "back", "seen"))
        assert (await received(connection)).id == "seen"
        await left(connection)
        await until(lambda: not site.gateway._cameras.viewers)
    publisher.close()


class Seen:
    """A viewer that keeps what it is sent."""

    def __init__(self) -> None:
        self.events: list[EventHeader] = []

    def on_event(self, event_id: str, message: bytes) -> None:
        self.events.append(parse(message, EventHeader)[1])


async def test_an_event_whose_process_was_killed_is_not_in_progress_for_a_page_that_comes_later(
    run_dir: Path,
) -> None:
    now = 100.0
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    publisher = Publisher(f"ipc://{run_dir}/events")
    feed = EventFeed(f"ipc://{run_dir}/events", context, lambda: now)
    first, soon, late = Seen(), Seen(), Seen()
    try:
        feed.send_to(first, ["front"])
        await asyncio.to_thread(publisher.subscription)
        send(publisher, event("start", 1, id="killed"))
        send(publisher, event("start", 1, id="goes-on"))
        await until(lambda: len(first.events) == 2)
        now += 4
        feed.send_to(soon, ["front"])
        send(publisher, event("start", 1, id="goes-on"))  # a repeat: it goes on
        send(publisher, event("start", 1, id="new"))
        await until(lambda: len(first.events) == 3)
        now += 4
        feed.send_to(late, ["front"])
    finally:
        feed.close()
        context.destroy(linger=0)
        publisher.close()

    assert [each.id for each in soon.events] == ["killed", "goes-on", "new"]
    assert [each.id for each in late.events] == ["goes-on", "new"]


@pytest.mark.parametrize("killed", [False, True])
async def test_nothing_is_connected_while_motion_detection_does_not_run(run_dir: Path, killed: bool) -> None:
    """In a context without room for another socket: only what makes one fails."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 1)
    if killed:
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(run_dir / "events"))
            left_behind.listen()
    with context.socket(zmq.PAIR):
        feed = EventFeed(f"ipc://{run_dir}/events", context)
        feed.send_to(Seen(), ["front"])
        feed.close()
        with socket.socket(socket.AF_UNIX) as running:
            running.bind(str(run_dir / "running"))
            running.listen()
            with pytest.raises(zmq.ZMQError, match="Too many open files"):
                EventFeed(f"ipc://{run_dir}/running", context).send_to(Seen(), ["front"])
    context.destroy()


async def test_motion_detection_that_starts_and_starts_again_is_noticed(run_dir: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    feed = EventFeed(f"ipc://{run_dir}/events", context, look_seconds=0.05)
    viewer = Seen()
    try:
        feed.send_to(viewer, ["front"])
        for number in (1, 2):
            publisher = Publisher(f"ipc://{run_dir}/events")
            try:
                assert await asyncio.to_thread(publisher.subscription) == b"\x01event/"
                send(publisher, event("start", number, id=str(number)))
                await until(lambda: str(number) in [seen.id for seen in viewer.events])  # noqa: B023
            finally:
                publisher.close()
            await until(lambda: feed._link is None)
    finally:
        feed.close()
        context.destroy(linger=0)


async def test_a_restart_between_two_looks_keeps_the_connection(run_dir: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    feed = EventFeed(f"ipc://{run_dir}/events", context, look_seconds=3600)
    publisher = Publisher(f"ipc://{run_dir}/events")
    try:
        feed.send_to(Seen(), ["front"])
        link = feed._link
        assert link is not None
        assert await asyncio.to_thread(publisher.subscription) == b"\x01event/"
        publisher.close()
        publisher = Publisher(f"ipc://{run_dir}/events")
        assert await asyncio.to_thread(publisher.subscription) == b"\x01event/"
        await until(lambda: link[0].disconnects == 1)
        feed._look()
        assert feed._link is link
    finally:
        feed.close()
        context.destroy(linger=0)
        publisher.close()


async def test_a_page_that_takes_nothing_fills_no_memory(site: Site, publisher: Publisher) -> None:
    connection = await asking(site, publisher)
    await until(lambda: site.gateway._cameras.viewers == 1)
    (viewer,) = site.gateway._events._viewers
    for number in range(3 * MAX_UNSENT_EVENTS):
        viewer.on_event(str(number), pack("event", "front", event("start", number + 1, id=str(number))))

    last = 0.0
    while last < 3 * MAX_UNSENT_EVENTS:
        last = (await received(connection)).published
