"""The age of a frame when a viewer has received it completely, and how much of it each stage adds."""

from benchmarks import peers
from benchmarks.load import Load
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import Helper, SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Age of a frame when its viewer has received it completely, in ms"
CASES = ((1, 2, 5.0), (20, 2, 3.0), (100, 2, 3.0))
"""Viewers, rounds, seconds of each turn."""
NAMES = ("framebus", *peers.PEERS)
STAGES = ("published", "received", "complete")
SHARES = ("p50", "p95", "p99")


def run(session: Session) -> None:
    """Measure framebus and its peers in turn, then framebus by stages."""
    camera = session.camera(162)
    with pipeline(camera, session.new_folder()) as ours:
        for viewers, rounds, usual in CASES:
            seconds = session.seconds(usual)
            for _ in range(session.rounds(rounds)):
                measure(session, "framebus", ours.mjpeg, viewers, seconds)
                for name, peer in peers.PEERS.items():
                    # Restarted for each turn: the phase of its timer relative to the camera is random
                    with session.skipping(SkippedBenchmark), peer(camera, session.new_folder()) as theirs:
                        measure(session, name, theirs, viewers, seconds)
            by_stage(session, ours.mjpeg, ours.frames, viewers, seconds)
    print(report(session))


def measure(session: Session, name: str, server: Server, viewers: int, seconds: float) -> None:
    """Measure one server once."""
    with Load("mjpeg", server.host, server.port, server.path, viewers) as load:
        seen = load.measure(seconds)
    session.results.add_ages(f"age/{viewers}/{name}", seen.ages)
    session.progress(f"{viewers} viewers, {name}: {shown(seen.ages)} at {seen.fps:.1f} fps each")


def by_stage(session: Session, server: Server, endpoint: str, viewers: int, seconds: float) -> None:
    """Measure the age of the same frames at capture, at a subscriber beside the gateway, and at the viewers."""
    with (
        Load("mjpeg", server.host, server.port, server.path, viewers) as load,
        Helper("subscriber_process", {"kind": "framebus", "endpoint": endpoint, "work_seconds": 0}) as subscriber,
    ):
        subscriber.answer()
        subscriber.ask("begin")
        complete = load.measure(seconds).ages
        read = subscriber.ask("end")
    for stage, ages in zip(STAGES, (read["published"], read["ages"], complete), strict=True):
        session.results.add_ages(f"age/{viewers}/stages/{stage}", ages)
        session.progress(f"{viewers} viewers, {stage}: {shown(ages)}")


def shown(ages: dict[str, float]) -> str:
    """Format percentiles for a line of progress."""
    return ", ".join(f"{share} {seconds * 1000:.1f}" for share, seconds in ages.items()) + " ms"


def report(session: Session) -> str:
    """Return both tables."""
    rows, stages = [], []
    for viewers, _, _ in CASES:
        for name in NAMES:
            values = [session.results.value(f"age/{viewers}/{name}/{share}") for share in SHARES]
            rows.append([f"{viewers} viewers: {name}", *(number(value) for value in values)])
        for stage in STAGES:
            values = [session.results.value(f"age/{viewers}/stages/{stage}/{share}") for share in SHARES]
            stages.append([f"{viewers} viewers: {stage}", *(number(value) for value in values)])
    by_stages = table(["framebus by stages", *SHARES], stages)
    return f"{table(['', *SHARES], rows)}\n\n{by_stages}"
