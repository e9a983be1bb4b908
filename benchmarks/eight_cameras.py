"""Eight cameras on one machine, beside one: CPU use without viewers and with one of each, age, and memory."""

import time

from benchmarks.age import SHARES, shown
from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, camera_names, pipeline
from benchmarks.processes import cpu_seconds, private_bytes, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table

CAMERAS = 8
COUNTS = (1, CAMERAS)
TITLE = f"{CAMERAS} cameras of 1280x720 with 162 KB a frame: CPU, age and memory, beside one camera"
KILOBYTES = 162
ROUNDS = 3
SECONDS = 5.0
START_SECONDS = 2.0
"""What the processes do right after their start does not count."""


def run(session: Session) -> None:
    """Measure one camera, then all of them."""
    for count in COUNTS:
        others = session.other_cameras(KILOBYTES, count - 1)
        with pipeline(session.camera(KILOBYTES), session.new_folder(), others=others) as ours:
            time.sleep(START_SECONDS)
            for _ in range(session.rounds(ROUNDS)):
                record_cpu(session, count, "idle", ours, idle_seconds(session, ours))
            first, *more = [f"/camera/{name}/stream.mjpg" for name in camera_names(count)]
            with Load("mjpeg", ours.host, ours.port, first, count, other_paths=more) as load:
                for _ in range(session.rounds(ROUNDS)):
                    measure(session, count, ours, load)
            record_memory(session, count, ours)
    record_further(session)
    print(report(session))


def idle_seconds(session: Session, ours: Pipeline) -> tuple[float, float]:
    """Return the CPU time of all processes without viewers, and in how many seconds."""
    before, began = cpu_seconds(*ours.pids.values()), time.monotonic()
    time.sleep(session.seconds(SECONDS))
    return cpu_seconds(*ours.pids.values()) - before, time.monotonic() - began


def measure(session: Session, count: int, ours: Pipeline, load: Load) -> None:
    """Measure once with a viewer of each camera."""
    pids = ours.pids
    gateway = cpu_seconds(pids["gateway"])
    seen = load.measure(session.seconds(SECONDS), *pids.values())
    gateway = cpu_seconds(pids["gateway"]) - gateway
    key = f"eight-cameras/{count}"
    record_cpu(session, count, "watched", ours, (seen.cpu_seconds, seen.seconds))
    session.results.add(f"{key}/watched/gateway", 100 * gateway / seen.seconds, "% of a core")
    session.results.add_ages(f"{key}/watched", seen.ages)
    session.results.add(f"{key}/watched/fps", seen.fps, "fps", more_is_better=True)
    session.results.add(f"{key}/watched/least fps", seen.least_fps, "fps", more_is_better=True)
    session.progress(f"{count} cameras: {shown(seen.ages)}, {seen.fps:.1f} fps each, at least {seen.least_fps:.1f}")


def record_cpu(session: Session, count: int, state: str, ours: Pipeline, used: tuple[float, float]) -> None:
    """Record the CPU use of all processes, and its share of each camera."""
    share = 100 * used[0] / used[1]
    session.results.add(f"eight-cameras/{count}/{state}/cpu", share, "% of a core")
    session.results.add(f"eight-cameras/{count}/{state}/cpu each", share / count, "% of a core")
    session.progress(f"{count} cameras, {state}: {share:.2f} % of a core for {len(ours.pids)} processes")


def record_memory(session: Session, count: int, ours: Pipeline) -> None:
    """Record the memory of all processes."""
    for what, bytes_of in (("PSS", pss_bytes), ("private", private_bytes)):
        memory = sum(map(bytes_of, ours.pids.values())) / 1e6
        session.results.add(f"eight-cameras/{count}/{what}", memory, "MB")
        session.progress(f"{count} cameras, {what}: {memory:.1f} MB")


def record_further(session: Session) -> None:
    """Record the memory of each camera after the first."""
    for what in ("PSS", "private"):
        one, all_of_them = (session.results[f"eight-cameras/{count}/{what}"].value for count in COUNTS)
        session.results.add(f"eight-cameras/each further/{what}", (all_of_them - one) / (CAMERAS - 1), "MB")


def report(session: Session) -> str:
    """Return the tables."""
    value = session.results.value
    rows, memories = [], []
    for count in COUNTS:
        key = f"eight-cameras/{count}"
        cpu = [number(value(f"{key}/{name}")) for name in ("idle/cpu", "watched/cpu", "watched/gateway")]
        ages = [number(value(f"{key}/watched/{share}"), 1) for share in SHARES]
        rates = [number(value(f"{key}/watched/{name}"), 1) for name in ("fps", "least fps")]
        rows.append([str(count), *cpu, *ages, *rates])
    for name in (*map(str, COUNTS), "each further"):
        memories.append([name, *(number(value(f"eight-cameras/{name}/{what}"), 1) for what in ("PSS", "private"))])
    head = ["cameras", "idle, % of a core", "one viewer each", "of it gateway", *SHARES, "fps", "least"]
    return f"{table(head, rows)}\n\n{table(['cameras', 'PSS in MB', 'private'], memories)}"
