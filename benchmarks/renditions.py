"""The cost of renditions: encodes for 100 viewers, CPU for each GB, and what the viewers of live frames notice."""

import re
import time
import urllib.request

import zmq

from benchmarks.age import SHARES, shown
from benchmarks.camera import SIZE
from benchmarks.footprint import LINGER_SECONDS
from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.processes import BenchError, cpu_seconds
from benchmarks.session import Session
from benchmarks.table import number, table
from framebus.protocol.wire import FrameHeader, StatusHeader, parse, topic

TITLE = "Renditions: 100 viewers of half the size, and live viewers beside a viewer of a rendition"
VIEWERS = 100
SILENCE_MS = 5000
"""capture sends a status each second."""
LIVE_VIEWERS = 20
ROUNDS = 3
SECONDS = 4.0
HALF = f"/camera/front/stream.mjpg?width={SIZE[0] // 2}"
NEVER, WITHOUT, WITH = "before any", "without", "with"
STATES = (NEVER, WITHOUT, WITH)
LIVE, SMALL = "live, 15 KB", "half of 162 KB"
"""A camera whose own frames have the size and the rate of the renditions, to compare with."""
RENDITION_FPS = 15
"""The default of rendition_fps."""


def run(session: Session) -> None:
    """Measure 100 viewers of each size, then live viewers with and without a viewer of a rendition."""
    with (
        pipeline(session.camera(15).with_fps(RENDITION_FPS), session.new_folder()) as small,
        pipeline(session.camera(162), session.new_folder()) as ours,
    ):
        beside_live(session, ours)
        for _ in range(session.rounds(ROUNDS)):
            fan_out(session, small, LIVE, small.mjpeg.path)
            fan_out(session, ours, SMALL, HALF)
    print(report(session))


def fan_out(session: Session, ours: Pipeline, name: str, path: str) -> None:
    """Measure VIEWERS viewers of one camera: the gateway's CPU time a GB, capture's a frame, and encodes a frame."""
    server, capture = ours.mjpeg, ours.pids["capture"]
    with Load("mjpeg", server.host, server.port, path, VIEWERS) as load:
        before = cpu_seconds(capture)
        seen = load.measure(session.seconds(SECONDS), server.pid)
        captured = cpu_seconds(capture) - before
        encodes = encodes_a_frame(ours.frames, session.seconds(SECONDS)) if path == HALF else 0.0
    frames = seen.fps * seen.seconds
    session.results.add(f"renditions/{name}/cpu", seen.cpu_per_gigabyte, "s/GB")
    session.results.add(f"renditions/{name}/cpu a frame", 1e6 * seen.cpu_seconds / frames / VIEWERS, "µs")
    session.results.add(f"renditions/{name}/capture a frame", 1e3 * captured / frames, "ms")
    session.results.add(f"renditions/{name}/size", 1e6 * seen.gigabytes / frames / VIEWERS, "KB")
    session.results.add(f"renditions/{name}/encodes", encodes, "a frame")
    session.progress(
        f"{VIEWERS} viewers, {name}: {seen.cpu_per_gigabyte:.3f} s/GB, {seen.fps:.1f} fps each, "
        f"{encodes:.2f} encodes a frame, capture {1e3 * captured / frames:.2f} ms a frame"
    )


def beside_live(session: Session, ours: Pipeline) -> None:
    """Measure the ages at viewers of live frames, and capture's CPU time, in each of STATES."""
    server = ours.mjpeg
    with Load("mjpeg", server.host, server.port, server.path, LIVE_VIEWERS) as load:
        load.measure(session.seconds(SECONDS))
        for _ in range(session.rounds(ROUNDS)):
            measure(session, ours, load, NEVER)
        for _ in range(session.rounds(ROUNDS)):
            with Load("mjpeg", server.host, server.port, HALF, 1):
                measure(session, ours, load, WITH)
            time.sleep(LINGER_SECONDS)
            measure(session, ours, load, WITHOUT)


def measure(session: Session, ours: Pipeline, load: Load, state: str) -> None:
    """Measure one state once."""
    made = frames_made(ours)
    seen = load.measure(session.seconds(SECONDS), ours.pids["capture"])
    made = frames_made(ours) - made
    if (made > 0) != (state == WITH):
        raise BenchError(f"{made} renditions were made {state} a viewer of one")
    cores = 100 * seen.cpu_seconds / seen.seconds
    session.results.add_ages(f"renditions/{state}", seen.ages)
    session.results.add(f"renditions/{state}/capture", cores, "% of a core")
    session.progress(f"{LIVE_VIEWERS} live viewers {state} one of half: {shown(seen.ages)}, capture {cores:.1f} %")


def encodes_a_frame(endpoint: str, seconds: float) -> float:
    """Return how many half frames capture has made for each different one that it has sent.

    One socket takes both the frames and the statuses that tell how many were made, and so keeps their order.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.SUB)
    for kind in ("half", "status"):
        socket.subscribe(topic(kind, "front"))
    socket.connect(endpoint)
    counts: list[int] = []
    seqs: set[int] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(counts) < 2:
        if not socket.poll(SILENCE_MS):
            raise BenchError("capture says nothing")
        message = socket.recv()
        if message.startswith(b"status/"):
            renditions = parse(message, StatusHeader)[1].renditions
            counts.append(renditions["half"].made if renditions else 0)
            seen = len(seqs)
        elif counts:
            seqs.add(parse(message, FrameHeader)[1].seq)
    context.destroy()
    return (counts[-1] - counts[0]) / seen


def frames_made(ours: Pipeline) -> int:
    """Return how many frames capture has made smaller, as of its last status."""
    time.sleep(1.1)  # until the next status
    with urllib.request.urlopen(f"http://{ours.host}:{ours.port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    counts = re.findall(r"^framebus_rendition_frames_made_total\{.*\} ([0-9.e+]+)$", text, re.MULTILINE)
    return round(sum(map(float, counts)))


def report(session: Session) -> str:
    """Return both tables."""
    value = session.results.value
    keys = ("size", "cpu", "cpu a frame", "encodes", "capture a frame")
    rows = [
        [f"{VIEWERS} viewers: {name}", *(number(value(f"renditions/{name}/{key}"), 2) for key in keys)]
        for name in (LIVE, SMALL)
    ]
    sizes = table(["", "KB", "s/GB", "µs a frame and viewer", "encodes a frame", "capture, ms a frame"], rows)
    ages = [
        [
            f"{LIVE_VIEWERS} live viewers, {state}",
            *(number(value(f"renditions/{state}/{share}")) for share in SHARES),
            number(value(f"renditions/{state}/capture"), 1),
        ]
        for state in STATES
    ]
    return f"{sizes}\n\n{table(['a viewer of half', *SHARES, 'capture, % of a core'], ages)}"
