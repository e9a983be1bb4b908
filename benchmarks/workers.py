"""How much more two gateways on one port deliver than one, when one has more to do than it can."""

import os
from contextlib import ExitStack

from benchmarks.load import Load
from benchmarks.pipeline import Pipeline, gateways, pipeline
from benchmarks.processes import LeftOut
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Workers: GB a second that one gateway and two deliver, all that they can"
FPS = 240
"""With 200 viewers and 162 KB that is 7.8 GB/s: more than a processor's core sends."""
LOADS, VIEWERS = 2, 100
"""Processes of viewers, and viewers of each."""
ROUNDS = 2
SECONDS = 3.0
CORES = 5
"""What it takes to see all of it: two for the gateways, two for the viewers, and one for capture and the rest."""


def run(session: Session) -> None:
    """One, then two, in turns. Raises LeftOut."""
    cores = os.cpu_count() or 1
    if session.quick and cores < CORES:
        raise LeftOut(f"{held_back(cores)} Left out of a quick run.")
    camera = session.camera(162).faster(FPS)
    with ExitStack() as started:
        ours = {count: started.enter_context(pipeline(camera, session.new_folder(), workers=count)) for count in (1, 2)}
        for _ in range(session.rounds(ROUNDS)):
            for count, running in ours.items():
                measure(session, count, running, session.seconds(SECONDS))
    print(report(session))


def measure(session: Session, count: int, ours: Pipeline, seconds: float) -> None:
    """One turn. The second load is asked while the first one counts."""
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
    """The table, and what held them back."""
    results = session.results
    one = results.value("workers/1/rate")
    rows = []
    for count in (1, 2):
        rate = results.value(f"workers/{count}/rate")
        rows.append([str(count), number(rate), ratio(rate, one), number(results.value(f"workers/{count}/cores"))])
    found = table(["workers", "GB/s", "of one", "cores used"], rows)
    cores = os.cpu_count() or 1
    if cores >= CORES:
        return found
    return f"{found}\n\n{held_back(cores)}"


def held_back(cores: int) -> str:
    """Why less is gained here than there is to gain."""
    return (
        f"This machine has {cores} cores, and the viewers and the camera run on them, too: two gateways at their full "
        f"speed, and two processes of viewers that keep up with them, take {CORES}."
    )
