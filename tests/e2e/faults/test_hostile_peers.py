"""Clients that want the worst: slow, silent, and senders of noise. Those who only watch must not notice."""

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import zmq
from tornado.websocket import WebSocketClosedError, websocket_connect

from framebus.protocol.wire import MAX_MESSAGE_BYTES
from framebus.runtime.run_dir import control_endpoint, frames_endpoint, snapshot_endpoint
from tests.e2e.conftest import Pipeline
from tests.e2e.faults.conftest import WHOLE_SECONDS, Watched
from tests.e2e.faults.consumers import wait_for_pictures

EVERYBODY = "mjpeg page zeromq"


def test_two_hundred_slow_requests(pipeline: Pipeline, watch: Watched) -> None:
    """Each sends a byte of its request's header now and then, and never its end (slow-loris)."""
    faults = watch(pipeline)
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    with faults.during("200 requests that never end, for 4 s", keeps=EVERYBODY):
        crowd = [socket.create_connection(address) for _ in range(200)]
        for letter in b"GET / HTTP/1.1\r\nX: "[:8]:
            for connection in crowd:
                connection.sendall(bytes([letter]))
            time.sleep(0.5)
        wait_for_pictures(faults.consumers, time.time(), WHOLE_SECONDS)
        for connection in crowd:
            connection.close()


@contextmanager
def sockets(kind: int, endpoint: str, count: int = 1) -> Iterator[list["zmq.Socket[bytes]"]]:
    """Connected, and gone at the end."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made = [context.socket(kind) for _ in range(count)]
    for each in made:
        each.connect(endpoint)
    yield made
    context.destroy(linger=0)


def test_subscribers_that_never_read(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    with faults.during("20 subscribers that never read, for 4 s", keeps=EVERYBODY):  # noqa: SIM117  (the fault ends first)
        with sockets(zmq.SUB, frames_endpoint(pipeline.config.run_dir, "front"), 20) as silent:
            for each in silent:
                each.setsockopt(zmq.SUBSCRIBE, b"live/front\n")
            time.sleep(4)
            wait_for_pictures(faults.consumers, time.time(), WHOLE_SECONDS)


def noise(send: Callable[[bytes], object], seconds: float) -> None:
    """Bytes by chance, and requests that are nearly right, as fast as they are taken."""
    chance = random.Random(20261121)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        send(chance.randbytes(chance.choice((0, 1, 100, 5000))))
        send(b'{"camera":"front","set":' + chance.randbytes(3) + b"}")
        time.sleep(0.001)


def test_noise_on_every_socket(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    config = pipeline.config
    for name, kind, endpoint in (
        ("the snapshot service", zmq.DEALER, snapshot_endpoint(config.run_dir)),
        ("the control socket", zmq.DEALER, control_endpoint(config.run_dir, "front")),
        ("the frames' socket", zmq.XSUB, frames_endpoint(config.run_dir, "front")),
    ):
        with faults.during(f"noise to {name}, for 3 s", keeps=EVERYBODY), sockets(kind, endpoint) as (hostile,):
            noise(hostile.send, 3)
            wait_for_pictures(faults.consumers, time.time(), WHOLE_SECONDS)


def test_a_hostile_publisher_takes_the_cameras_place(pipeline: Pipeline, watch: Watched) -> None:
    """It binds the camera's endpoint, which cuts the camera off, and what it sends is nearly right."""
    faults = watch(pipeline)
    chance = random.Random(20261121)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with faults.during("a hostile publisher in the camera's place, for 4 s", keeps="mjpeg page zeromq"):
        publisher = context.socket(zmq.PUB)
        publisher.bind(frames_endpoint(pipeline.config.run_dir, "front"))
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for message in nearly_right(chance):
                publisher.send(message)
            time.sleep(0.02)
        context.destroy(linger=0)
    assert "another program has taken" in pipeline.up.log


def nearly_right(chance: random.Random) -> Iterator[bytes]:
    """What a gateway might take for a frame or a status."""
    for kind in ("live", "peek", "status", "snapshot", chance.randbytes(4).hex()):
        topic = f"{kind}/front\n".encode()
        yield topic
        yield topic + chance.randbytes(200)
        yield topic + b"{}\n"
        yield topic + b"[" * 5000 + b"\n"
        now = time.monotonic()
        for seq, monotonic, body in ((1, now, b""), (10**18, now, b"\xff\xd8"), (2, now + 1e9, b"\xff\xd8 \xff\xd9")):
            header = (
                f'{{"v":1,"camera":"front","seq":{seq},"epoch":"x","captured":{time.time()},"monotonic":{monotonic},'
                f'"published":{now},"width":1,"height":1,"source":"x","dropped":0}}\n'
            )
            yield topic + header.encode() + body
    yield b"live/front\n{}\n" + bytes(MAX_MESSAGE_BYTES + 1)


async def flood(url: str, seconds: float) -> None:
    """A page that says more than anybody can mean: watches and acknowledges without end, at last too much at once."""
    page = await websocket_connect(url, subprotocols=["framebus.v1"])
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(WebSocketClosedError):
            for said in ('{"watch":["front"]}', '{"watch":[]}', '{"ack":"front","seq":1}', '{"clock":1}'):
                await page.write_message(said)
    with contextlib.suppress(WebSocketClosedError):
        await page.write_message("x" * 1_000_000)
    while await page.read_message() is not None:  # until it is hung up on
        pass
    page.close()


def test_pages_that_flood_their_websocket(pipeline: Pipeline, watch: Watched) -> None:
    async def five() -> None:
        url = f"ws://{pipeline.config.gateway.listen}/ws"
        await asyncio.gather(*(flood(url, 3) for _ in range(5)))

    faults = watch(pipeline)
    with faults.during("5 pages that flood their websocket, for 3 s", keeps=EVERYBODY):
        asyncio.run(five())
