"""The bus for programs: a program's pictures in the browser, an idle publisher, a gapless queue, and a replay."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from benchmarks.age import SHARES
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.processes import BenchError
from benchmarks.session import Session
from benchmarks.table import number, table
from framebus import Publisher, Subscriber
from framebus.client.replay import Replayer, replay
from framebus.config.load import load
from framebus.protocol.wire import FrameHeader, parse

TITLE = "The bus: what a program adds, and what a gapless reader misses"
PASS_SECONDS, IDLE_SECONDS, QUEUE_SECONDS = 6.0, 10.0, 60.0
STALL_SECONDS = 2.0
SLOW_SECONDS = 0.5
"""How long the slow subscriber works on each frame."""
LINGER_SECONDS = 8.0
"""For longer than this the gateway does not keep its subscription without viewers."""
QUEUE_FRAMES = 300
REPLAYED_FRAMES = 90
MARKED = '\n[camera.marked]\nsource = "program"\n[camera.replayed]\nsource = "program"\n'
MAX_MESSAGE_BYTES = 32 * 1024 * 1024


def run(session: Session) -> None:
    """Measure all."""
    folder = session.new_folder()
    with pipeline(session.camera(162), folder, more=MARKED) as ours:
        config = folder / "framebus.toml"
        through_a_program(session, ours, config, session.seconds(PASS_SECONDS))
        idle_publisher(session, config, session.seconds(IDLE_SECONDS))
        with watching(f"ws://{ours.host}:{ours.port}/ws"), slow_subscriber(config):
            gapless(session, config, session.seconds(QUEUE_SECONDS))
        replayed(session, config)
    print(report(session))


@contextmanager
def passing_through(config: Path) -> Iterator[None]:
    """A program that publishes each frame of the camera back, unchanged: it has no time of its own."""
    ended = threading.Event()

    def work() -> None:
        with Publisher("marked", config=config) as marked, Subscriber("front", config=config, timeout=1) as front:
            while not ended.is_set():
                frame = front.receive()
                if marked.watched:
                    marked.publish(frame.jpeg, like=frame)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def through_a_program(session: Session, ours: Pipeline, config: Path, seconds: float) -> None:
    """Measure the age of frames at the page's websocket: of the camera, and of the program's result."""
    with passing_through(config):
        for camera in ("front", "marked"):
            ages = IOLoop().run_sync(lambda camera=camera: ages_ms(ours, camera, seconds))
            for share in SHARES:
                session.results.add(f"bus/{camera}/{share}", percentile(ages, share), "ms")
            session.progress(f"age of {camera} at the page's websocket: {median(ages):.1f} ms, {len(ages)} frames")
    session.results.add("bus/marked/beyond the camera", beyond_ms(session), "ms")


@contextmanager
def watching(url: str) -> Iterator[None]:
    """A page that shows the camera."""
    ended = threading.Event()
    page = threading.Thread(target=lambda: IOLoop().run_sync(partial(watch, url, "front", ended.is_set)))
    page.start()
    try:
        yield
    finally:
        ended.set()
        page.join()


@contextmanager
def slow_subscriber(config: Path) -> Iterator[None]:
    """A program that takes two frames a second."""
    ended = threading.Event()

    def take() -> None:
        with Subscriber("front", config=config, timeout=5) as slow:
            while not ended.wait(SLOW_SECONDS):
                slow.receive()

    program = threading.Thread(target=take)
    program.start()
    try:
        yield
    finally:
        ended.set()
        program.join()


async def ages_ms(ours: Pipeline, camera: str, seconds: float) -> list[float]:
    """Watch a camera as the page does; returns the age of each frame when it arrived."""
    end = time.monotonic() + seconds
    ages = await watch(f"ws://{ours.host}:{ours.port}/ws", camera, lambda: time.monotonic() > end)
    return ages[5:]  # the first ones came while the camera woke up


async def watch(url: str, camera: str, ended: Callable[[], bool]) -> list[float]:
    """Watch a camera as the page does until the end, which is asked for with each message; returns the ages in ms."""
    socket = await websocket_connect(url, subprotocols=["framebus.v1"], max_message_size=MAX_MESSAGE_BYTES)
    await socket.write_message(json.dumps({"watch": [camera]}))
    ages: list[float] = []
    while not ended():
        message = await socket.read_message()
        if message is None:
            raise BenchError("the gateway closed the websocket")
        if not isinstance(message, bytes) or not message.startswith(b"live/"):
            continue
        _, header = parse(message, FrameHeader)
        ages.append((time.monotonic() - header.monotonic) * 1000)
        await socket.write_message(json.dumps({"ack": camera, "seq": header.seq}))
    socket.close()
    return ages


def beyond_ms(session: Session) -> float:
    """How much older the program's result is than the camera's frames, at p50."""
    result, camera = (session.results.value(f"bus/{name}/p50") for name in ("marked", "front"))
    if result is None or camera is None:
        raise BenchError("the ages were not measured")
    return result - camera


def percentile(values: list[float], share: str) -> float:
    """The value for one of SHARES, such as "p95"."""
    if share == "max":
        return max(values)
    return quantiles(values, n=100)[int(share.removeprefix("p")) - 1]


def idle_publisher(session: Session, config: Path, seconds: float) -> None:
    """Measure the CPU time of a publisher that has no viewers."""
    with Publisher("marked", config=config) as marked:
        time.sleep(LINGER_SECONDS)
        before = time.process_time()
        if marked.wait_watched(seconds):
            raise BenchError("camera marked has viewers")
        used = 100 * (time.process_time() - before) / seconds
    session.results.add("bus/idle publisher", used, "% of a core")
    session.progress(f"a publisher without viewers: {used:.2f} % of a core")


def gapless(session: Session, config: Path, seconds: float) -> None:
    """Count what a reader with a queue misses that stalls again and again, and one without."""
    for queue in (QUEUE_FRAMES, 0):
        began, frames = time.monotonic(), 0
        with Subscriber("front", config=config, queue=queue, timeout=5) as reader:
            reader.receive()
            stalled = time.monotonic()
            while time.monotonic() - began < seconds:
                reader.receive()
                frames += 1
                if time.monotonic() - stalled > 2 * STALL_SECONDS:
                    time.sleep(STALL_SECONDS)
                    stalled = time.monotonic()
            missed = reader.missed
        session.results.add(f"bus/queue {queue}/missed", missed, "frames")
        session.progress(f"queue={queue}, stalls of {STALL_SECONDS:g} s: missed {missed} of {frames + missed}")


def replayed(session: Session, config: Path) -> None:
    """Measure how well a replay keeps the spacing, and whether its pictures are the same bytes."""
    with Subscriber("front", config=config, queue=QUEUE_FRAMES, timeout=5) as reader:
        recorded = [reader.receive() for _ in range(REPLAYED_FRAMES)]
    with (
        Replayer(load(config), "replayed") as replayer,
        Subscriber("replayed", config=config, queue=QUEUE_FRAMES, timeout=5) as viewer,
    ):
        replayer.wait_watched(5)
        replay(((frame.header, frame.jpeg) for frame in recorded), replayer)
        seen = [viewer.receive() for _ in recorded]
    same = sum(one.jpeg == other.jpeg for one, other in zip(seen, recorded, strict=True))
    start = seen[0].published - recorded[0].published
    errors = [abs(one.published - other.published - start) * 1000 for one, other in zip(seen, recorded, strict=True)]
    session.results.add("bus/replay/different", len(recorded) - same, "frames")
    session.results.add("bus/replay/p95", percentile(errors, "p95"), "ms")
    session.progress(f"replay: {same} of {len(recorded)} identical, spacing off by {percentile(errors, 'p95'):.2f} ms")


def report(session: Session) -> str:
    """Return the table."""
    value = session.results.value
    rows = [
        [f"age at the page's websocket, {name} (ms)", *(number(value(f"bus/{key}/{share}"), 1) for share in SHARES)]
        for name, key in (("the camera", "front"), ("a program's result", "marked"))
    ]
    single = [
        ("publisher without viewers (% of a core)", "bus/idle publisher"),
        (f"missed with queue={QUEUE_FRAMES}", f"bus/queue {QUEUE_FRAMES}/missed"),
        ("missed without a queue", "bus/queue 0/missed"),
        ("replay: pictures that differ", "bus/replay/different"),
        ("replay: spacing off by (ms, p95)", "bus/replay/p95"),
    ]
    rows += [[name, number(value(key), 2), *[""] * (len(SHARES) - 1)] for name, key in single]
    return table(["", *SHARES], rows)
