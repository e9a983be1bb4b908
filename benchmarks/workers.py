"""The throughput of two gateway workers compared with one, under more load than one can serve."""

import os
from contextlib import ExitStack

from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, gateways, pipeline
from benchmarks.processes import SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Workers: maximum throughput of one and of two gateways, in GB/s"
FPS = 240
"""With 200 viewers and 162 KB this is 7.8 GB/s, more than one core can send."""
LOADS, VIEWERS = 2, 100
"""Processes of viewers, and viewers of each."""
ROUNDS = 2
SECONDS = 3.0
CORES = 5
"""Cores for an undisturbed measurement: two for the gateways, two for the viewers, one for the rest."""


def run(session: Session) -> None:
    """Measure one worker and two, in turn. Raises SkippedBenchmark."""
    cores = os.cpu_count() or 1
    if session.quick and cores < CORES:
        raise SkippedBenchmark(f"{core_note(cores)} Left out of a quick run.")
    camera = session.camera(162).faster(FPS)
    with ExitStack() as started:
        ours = {count: started.enter_context(pipeline(camera, session.new_folder(), workers=count)) for count in (1, 2)}
        for _ in range(session.rounds(ROUNDS)):
            for count, running in ours.items():
                measure(session, count, running, session.seconds(SECONDS))
    print(report(session))


def measure(session: Session, count: int, ours: Pipeline, seconds: float) -> None:
    """Measure once. The second load runs while the first one is measured."""
    pids = [ours.pids[name] for name in gateways(count)]
    server = ours.mjpeg
    with ExitStack() as started:
        first, second = (
            started.enter_context(Load("mjpeg", server.host, server.port, server.path, VIEWERS)) for _ in range(LOADS)
        )
        second.begin()
        seen = first.measure(seconds, *pids)
        beside = second.end()
    rate = seen.gigabytes / seen.seconds + beside.gigabytes / beside.seconds
    cores = seen.cpu_seconds / seen.seconds
    session.results.add(f"workers/{count}/rate", rate, "GB/s", more_is_better=True)
    session.results.add(f"workers/{count}/cores", cores, "cores")
    session.progress(f"workers = {count}: {rate:.2f} GB/s with {cores:.2f} cores for the gateways")


def report(session: Session) -> str:
    """Return the table, with a note when the machine has too few cores."""
    results = session.results
    one = results.value("workers/1/rate")
    rows = []
    for count in (1, 2):
        rate = results.value(f"workers/{count}/rate")
        rows.append([str(count), number(rate), ratio(rate, one), number(results.value(f"workers/{count}/cores"))])
    rates = table(["workers", "GB/s", "of one", "cores used"], rows)
    cores = os.cpu_count() or 1
    if cores >= CORES:
        return rates
    return f"{rates}\n\n{core_note(cores)}"


def core_note(cores: int) -> str:
    """Return why this machine shows less than the possible gain."""
    return (
        f"This machine has {cores} cores, and the viewers and the camera run on them, too: two gateways at their full "
        f"speed, and two processes of viewers that keep up with them, take {CORES}."
    )
