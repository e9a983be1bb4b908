"""Two thousand viewers of one camera: what each of them gets, and what one costs."""

import os
import re
import time
import urllib.request

from benchmarks.age import SHARES, shown
from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.processes import cpu_seconds, pin, pss_bytes
from benchmarks.session import Session
from benchmarks.stalled_viewers import kernel_bytes
from benchmarks.table import number, table

VIEWERS = 2000
TITLE = f"Many viewers: {VIEWERS} of one camera of 30 KB a frame, from one gateway on a core of its own"
RATES = (10, 30, 60)
"""Frames a second: what one core can send to all of them, and the last perhaps more than that."""
READ_EVERY = 50
"""One of so many viewers reads what it gets, which tells the age of a frame at 40 of them; the others discard it."""
ROUNDS = 2
SECONDS = 8.0
MORE_PLACES = f"max_viewers = {VIEWERS}\nmax_connections = {VIEWERS + 100}\n"
COUNTERS = {
    "frames that the gateway did not get": 'framebus_camera_frames_missed_total{camera="front"}',
    "frames skipped by slow connections": 'framebus_camera_frames_skipped_total{camera="front",reason="line"}',
}
"""Of the gateway's metrics, by what they are called here."""


def run(session: Session) -> None:
    """Measure each rate with processes of its own."""
    for fps in RATES:
        camera = session.camera(30).with_fps(fps)
        with pipeline(camera, session.new_folder(), gateway=MORE_PLACES) as ours:
            cores = sorted(os.sched_getaffinity(0))
            pin(cores[-1:], ours.pids["gateway"])
            pin(cores[:-1] or cores, ours.pids["capture"], ours.pids["snapshot"])
            watch(session, ours, fps, cores[:-1] or cores)
    print(report(session))


def watch(session: Session, ours: Pipeline, fps: int, other_cores: list[int]) -> None:
    """Connect all viewers, which run on the other cores, and measure."""
    server, key = ours.mjpeg, f"many-viewers/{fps} fps"
    with Load("mjpeg", server.host, server.port, server.path, 1):
        time.sleep(1)
        before = pss_bytes(server.pid)
    began = time.monotonic()
    with Load("mjpeg", server.host, server.port, server.path, VIEWERS, read_every=READ_EVERY) as load:
        session.progress(f"{fps} fps: {VIEWERS} viewers are connected after {time.monotonic() - began:.1f} s")
        pin(other_cores, load.pid)
        each = (pss_bytes(server.pid) - before) / VIEWERS / 1024
        session.results.add(f"{key}/memory of the gateway", each, "KB a viewer")
        for _ in range(session.rounds(ROUNDS)):
            measure(session, key, ours, load)
        kernel = kernel_bytes(server.port)
        if kernel:
            session.results.add(f"{key}/memory of the kernel", sum(kernel) / len(kernel) / 1024, "KB a viewer")


def measure(session: Session, key: str, ours: Pipeline, load: Load) -> None:
    """Measure once."""
    gateway, capture = ours.pids["gateway"], ours.pids["capture"]
    counted, captured = counters(ours), cpu_seconds(capture)
    seen = load.measure(session.seconds(SECONDS), gateway)
    captured = cpu_seconds(capture) - captured
    lost = {name: value - counted[name] for name, value in counters(ours).items()}
    for name, value in (("fps", seen.fps), ("least fps", seen.least_fps), ("most fps", seen.most_fps)):
        session.results.add(f"{key}/{name}", value, "fps", more_is_better=True)
    session.results.add(f"{key}/least to most", seen.least_fps / seen.most_fps, "", more_is_better=True)
    session.results.add(f"{key}/cpu", seen.cpu_per_gigabyte, "s/GB")
    session.results.add(f"{key}/cores", seen.cpu_seconds / seen.seconds, "cores")
    session.results.add(f"{key}/capture", 100 * captured / seen.seconds, "% of a core")
    session.results.add_ages(key, seen.ages)
    for name, value in lost.items():
        session.results.add(f"{key}/{name}", value / seen.seconds, "a second")
    session.progress(
        f"{key}: {seen.fps:.2f} fps ({seen.least_fps:.2f} to {seen.most_fps:.2f}), {shown(seen.ages)}, "
        f"{seen.cpu_per_gigabyte:.3f} s/GB, gateway {seen.cpu_seconds / seen.seconds:.2f} cores, "
        f"viewers {seen.own_cores:.2f} cores; {', '.join(f'{value:.0f} {name}' for name, value in lost.items())}"
    )


def counters(ours: Pipeline) -> dict[str, float]:
    """Return the counters of the gateway."""
    with urllib.request.urlopen(f"http://{ours.host}:{ours.port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {name: value_of(metric, text) for name, metric in COUNTERS.items()}


def value_of(metric: str, text: str) -> float:
    """Return a value from the text of /metrics; 0 for one that is not there."""
    found = re.search(rf"^{re.escape(metric)} ([0-9.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def report(session: Session) -> str:
    """Return the tables."""
    value = session.results.value
    rows, costs = [], []
    for fps in RATES:
        key = f"many-viewers/{fps} fps"
        rates = [number(value(f"{key}/{name}"), 1) for name in ("fps", "least fps", "most fps")]
        ages = [number(value(f"{key}/{share}"), 1) for share in SHARES]
        lost = [number(value(f"{key}/{name}"), 1) for name in COUNTERS]
        rows.append([f"camera with {fps} fps", *rates, *ages, *lost])
        used = [number(value(f"{key}/{name}")) for name in ("cpu", "cores")]
        memory = [number(value(f"{key}/memory of the {owner}"), 1) for owner in ("gateway", "kernel")]
        costs.append([f"camera with {fps} fps", *used, number(value(f"{key}/capture"), 1), *memory])
    head = ["", "fps", "least", "most", *(f"{share}, ms" for share in SHARES), "missed a s", "skipped a s"]
    cost = ["", "s/GB", "cores of the gateway", "capture, % of a core", "KB a viewer, gateway", "kernel"]
    return f"{table(head, rows)}\n\n{table(cost, costs)}"
