"""Motion detection: what it costs, also of capture, and how soon an event is published. Accuracy: motion_accuracy.

A `start` has the first frame in which something moved: at five pictures a second, of which at least three must show it,
that one is 0.4 s old by then. An `update` has the newest frame in which it moved.
"""

import io
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.camera import QUALITY, SIZE
from benchmarks.processes import BenchError, Process, cpu_seconds, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table
from framebus import EventHeader, EventSubscriber, Publisher, Subscriber
from framebus.runtime.run_dir import events_endpoint

TITLE = "Motion detection: CPU, memory, and the age of an event's frame when it is published"
SECONDS = 20.0
LEARNING_SECONDS = 16.0
WALKS, QUICK_WALKS = 20, 4
WALK_SECONDS, PAUSE_SECONDS = 1.6, 1.5
FPS = 30
STEPS = 60
EVENT_SECONDS = 10.0


def run(session: Session) -> None:
    """Measure all."""
    for name, motion, rendition in (("without", False, False), ("peek", True, False), ("quarter", False, True)):
        cost(session, name, motion=motion, rendition=rendition)
    latency(session)
    print(report(session))


def cost(session: Session, name: str, *, motion: bool, rendition: bool) -> None:
    """Measure an idle camera without motion detection, with it, or with a subscriber to its small frames."""
    folder = session.new_folder()
    camera = session.camera(162)
    config = folder / "framebus.toml"
    config.write_text(
        f'run_dir = "{folder}/run"\n[camera.front]\nsource = "v4l2:{camera.device}"\nsize = "{SIZE[0]}x{SIZE[1]}"\n'
        f"fps = {camera.fps}\nrendition_fps = 5\nmotion = {str(motion).lower()}\n"
    )
    with ExitStack() as started:
        capture = started.enter_context(_process("capture front", config, camera.environment))
        with Subscriber("front", config=config, kind="peek", timeout=EVENT_SECONDS) as peek:
            peek.receive()
        found = [capture]
        if motion:
            found.append(started.enter_context(_process("recorder.motion", config)))
        if rendition:
            started.enter_context(Subscriber("front", config=config, rendition="quarter"))
        time.sleep(LEARNING_SECONDS)
        seconds = session.seconds(SECONDS)
        before = [cpu_seconds(process.pid) for process in found]
        time.sleep(seconds)
        used = [100 * (cpu_seconds(process.pid) - then) / seconds for process, then in zip(found, before, strict=True)]
        session.results.add(f"motion/{name}/capture", used[0], "% of a core")
        if motion:
            session.results.add("motion/cpu", used[1], "% of a core")
            session.results.add("motion/memory", pss_bytes(found[1].pid) / 1e6, "MB")
    session.progress(f"{name}: {', '.join(f'{share:.2f}' for share in used)} % of a core")


def latency(session: Session) -> None:
    """Measure events of somebody who walks, from a camera at full rate."""
    folder = session.new_folder()
    config = folder / "framebus.toml"
    config.write_text(f'run_dir = "{folder}/run"\n[camera.front]\nsource = "program"\nmotion = true\n')
    first_ms, newest_ms, arrived_ms = [], [], []
    with Publisher("front", config=config) as publisher, _process("recorder.motion", config) as process:
        process.wait_until((Path(events_endpoint(folder / "run").removeprefix("ipc://"))).exists, "its start")
        with EventSubscriber("front", config=config) as events, walking(publisher) as walk:
            time.sleep(LEARNING_SECONDS)
            for _ in range(QUICK_WALKS if session.quick else WALKS):
                walk.set()
                event = events.receive(EVENT_SECONDS)
                now = time.monotonic()
                if event.phase != "start":
                    raise BenchError(f"an event did not start: {event}")
                first_ms.append(_age_ms(event))
                arrived_ms.append((now - event.published) * 1000)
                time.sleep(WALK_SECONDS)
                walk.clear()
                newest_ms += [_age_ms(later) for later in _until_the_end(events) if later.phase == "update"][:1]
                time.sleep(PAUSE_SECONDS)
            walk.set()
            before, seconds = cpu_seconds(process.pid), session.seconds(SECONDS)
            time.sleep(seconds)
            session.results.add("motion/walking", 100 * (cpu_seconds(process.pid) - before) / seconds, "% of a core")
            session.results.add("motion/walking, frame", len(jpeg(0.5)) / 1000, "KB")
    session.results.add("motion/events", len(first_ms), "")
    for name, ages in (("first frame", first_ms), ("newest frame", newest_ms), ("arrival", arrived_ms)):
        if ages:
            session.results.add(f"motion/{name}", median(ages), "ms")
            session.results.add(f"motion/{name}, worst", max(ages), "ms")
    session.progress(f"first frame to publication, each: {', '.join(f'{age:.0f}' for age in sorted(first_ms))} ms")


@contextmanager
def walking(publisher: Publisher) -> Iterator[threading.Event]:
    """A camera of 30 frames a second, in front of which somebody walks to and fro while the event is set."""
    walk, ends = threading.Event(), threading.Event()
    empty, pictures = jpeg(None), [jpeg(step / STEPS) for step in range(STEPS)]

    def publish() -> None:
        step, due = 0, time.monotonic()
        while not ends.is_set():
            step = step + 1 if walk.is_set() else step
            there = pictures[step % STEPS if step // STEPS % 2 == 0 else STEPS - 1 - step % STEPS]
            publisher.publish(there if walk.is_set() else empty)
            due += 1 / FPS
            time.sleep(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield walk
    finally:
        ends.set()
        thread.join()


def jpeg(left: float | None) -> bytes:
    """A place with some texture, and somebody at this fraction of its width."""
    rough = np.random.default_rng(7).normal(120, 12, (72, 128)).clip(0, 255).astype(np.uint8)
    grey = np.array(Image.fromarray(rough).resize(SIZE, Image.Resampling.BICUBIC))
    if left is not None:
        x = round((0.1 + 0.7 * left) * SIZE[0])
        grey[300:580, x : x + 88] = 45
        grey[260:300, x + 24 : x + 64] = 170
    with io.BytesIO() as file:
        Image.fromarray(grey).convert("RGB").save(file, "JPEG", quality=QUALITY)
        return file.getvalue()


def _age_ms(event: EventHeader) -> float:
    """How old its frame was when the message was published."""
    return (event.published - event.monotonic) * 1000


def _until_the_end(events: EventSubscriber) -> list[EventHeader]:
    """The messages up to the end of the event."""
    found = [events.receive(EVENT_SECONDS)]
    while found[-1].phase != "end":
        found.append(events.receive(EVENT_SECONDS))
    return found


def _process(module: str, config: Path, environment: Mapping[str, str] | None = None) -> Process:
    name = module.split(" ")[0]
    command = [sys.executable, "-m", *module.split(" "), "--config", str(config)]
    return Process(command, config.parent / f"{name}.log", environment)


def report(session: Session) -> str:
    """Return the table."""
    value = session.results.value
    rows = [
        ["motion detection of one idle camera where nothing moves, % of a core", number(value("motion/cpu"))],
        [
            f"the same while somebody walks, with {number(value('motion/walking, frame'), 0)} KB a frame",
            number(value("motion/walking")),
        ],
        ["its memory, MB", number(value("motion/memory"), 1)],
        ["capture without it (1 frame a second), % of a core", number(value("motion/without/capture"))],
        ["capture with it (5 frames a second), % of a core", number(value("motion/peek/capture"))],
        ["capture with a subscriber to quarter/ instead, % of a core", number(value("motion/quarter/capture"))],
        ["events", number(value("motion/events"), 0)],
        ["first frame of an event to its start, p50, ms", number(value("motion/first frame"), 0)],
        ["the same, worst, ms", number(value("motion/first frame, worst"), 0)],
        ["newest frame of an event to its update, p50, ms", number(value("motion/newest frame"), 1)],
        ["publication to the subscriber, p50, ms", number(value("motion/arrival"), 1)],
    ]
    return table(["", "measured"], rows)
