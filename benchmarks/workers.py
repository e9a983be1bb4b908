"""The throughput of two gateway workers compared with one, under more load than one can serve.

Gateways, viewers and the camera share the cores of a small machine, where two gateways would only take time from the
viewers. There each gateway gets the same part of a core from the kernel (benchmarks.quota), so that two of them and
the rest fit on two cores. On a larger machine, each gateway has a core of its own.
"""

import os
from contextlib import ExitStack

from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, gateways, pipeline
from benchmarks.processes import BenchError, cpu_seconds, pin
from benchmarks.quota import server_group
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Workers: maximum throughput of one and of two gateways, in GB/s"
FPS = 60
"""With 500 viewers and 162 KB this is 4.9 GB/s, more than what two gateways send with SHARE of a core each."""
LOADS, VIEWERS = 2, 250
"""Processes of viewers, and viewers of each."""
READ_EVERY = 25
"""The other viewers discard what they get, which costs them next to nothing."""
ROUNDS = 3
SECONDS = 4.0
COUNTS = (1, 2)
CORES = 5
"""Cores for gateways without a limit: two for them, two for the viewers, one for the rest."""
SHARE = 35
"""What each gateway gets of a core elsewhere, in percent."""


def run(session: Session) -> None:
    """Measure one worker and two, in turn."""
    camera = session.camera(162).with_fps(FPS)
    with ExitStack() as started:
        is_limited = has_few_cores() and can_limit(session)
        ours = {}
        for count in COUNTS:
            joins = [started.enter_context(server_group(SHARE)) for _ in range(count if is_limited else 0)]
            ours[count] = started.enter_context(pipeline(camera, session.new_folder(), workers=count))
            pids = [ours[count].pids[name] for name in gateways(count)]
            for join, pid in zip(joins, pids, strict=False):
                join(pid)
            if not has_few_cores():
                own_cores(ours[count], pids)
        for _ in range(session.rounds(ROUNDS)):
            for count in COUNTS:
                measure(session, count, ours[count], session.seconds(SECONDS))
    print(f"{report(session)}\n\n{note(is_limited)}")


def has_few_cores() -> bool:
    """Return whether the gateways have to share the cores with the viewers."""
    return len(os.sched_getaffinity(0)) < CORES


def can_limit(session: Session) -> bool:
    """Return whether the kernel limits a gateway to its share of a core."""
    try:
        with server_group(SHARE):
            return True
    except BenchError as why:
        session.progress(f"no limit for each gateway: {why}")
        return False


def own_cores(ours: Pipeline, pids: list[int]) -> None:
    """Give each gateway a core, and the rest of the processes the others."""
    cores = sorted(os.sched_getaffinity(0))
    for core, pid in zip(cores, pids, strict=False):
        pin([core], pid)
    pin(cores[len(COUNTS) :], *(pid for pid in ours.pids.values() if pid not in pids))


def measure(session: Session, count: int, ours: Pipeline, seconds: float) -> None:
    """Measure once, with all viewers at the same time."""
    pids = [ours.pids[name] for name in gateways(count)]
    server = ours.mjpeg
    with ExitStack() as started:
        loads = [
            started.enter_context(Load("mjpeg", server.host, server.port, server.path, VIEWERS, read_every=READ_EVERY))
            for _ in range(LOADS)
        ]
        if not has_few_cores():
            pin(sorted(os.sched_getaffinity(0))[len(COUNTS) :], *(load.pid for load in loads))
        first, *others = loads
        for other in others:
            other.begin()
        before = {pid: cpu_seconds(pid) for pid in pids}
        seen = [first.measure(seconds, *pids)]
        used = [cpu_seconds(pid) - before[pid] for pid in pids]
        seen += [other.end() for other in others]
    rate = sum(each.gigabytes / each.seconds for each in seen)
    cores = seen[0].cpu_seconds / seen[0].seconds
    least, most = min(each.least_fps for each in seen), max(each.most_fps for each in seen)
    key = f"workers/{count}"
    session.results.add(f"{key}/rate", rate, "GB/s", more_is_better=True)
    session.results.add(f"{key}/cores", cores, "cores")
    session.results.add(f"{key}/cpu", cores / rate, "s/GB")
    session.results.add(f"{key}/viewers", sum(each.own_cores for each in seen), "cores")
    session.results.add(f"{key}/least to most", least / most, "", more_is_better=True)
    each = ", ".join(f"{share / seen[0].seconds:.2f}" for share in used)
    session.progress(
        f"workers = {count}: {rate:.2f} GB/s with {each} cores for the gateways, "
        f"{least:.1f} to {most:.1f} fps at each viewer"
    )


def report(session: Session) -> str:
    """Return the table."""
    value = session.results.value
    rows = []
    for count in COUNTS:
        key = f"workers/{count}"
        rate = value(f"{key}/rate")
        rest = [number(value(f"{key}/{name}")) for name in ("cores", "cpu", "viewers", "least to most")]
        rows.append([str(count), number(rate), ratio(rate, value("workers/1/rate")), *rest])
    return table(["workers", "GB/s", "of one", "cores used", "s/GB", "viewers' cores", "least to most fps"], rows)


def note(is_limited: bool) -> str:
    """Return how the gateways were kept from the cores of the viewers."""
    cores = len(os.sched_getaffinity(0))
    if not has_few_cores():
        return "Each gateway had a core of its own, and all else the other cores."
    if is_limited:
        return f"With {cores} cores here, each gateway was given {SHARE} % of one, and the rest was left to all else."
    return (
        f"This machine has {cores} cores, and the viewers and the camera run on them, too: two gateways at their full "
        f"speed, and two processes of viewers that keep up with them, take {CORES}. As root, each gateway can be given "
        "a part of a core."
    )
