"""The cost of one viewer and of a few: CPU use of all processes of a server."""

from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import peers
from benchmarks.fan_out import rotated
from benchmarks.load import Load
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import SkippedBenchmark, cpu_seconds
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Few viewers: CPU use of all processes of a server"
CASES = (1, 5)
"""Viewers."""
ROUNDS = 5
SECONDS = 4.0
NAMES = ("framebus", *peers.PEERS)
KILOBYTES = 162


@dataclass(frozen=True)
class Subject:
    """A server to measure, with all its processes."""

    server: Server
    pids: dict[str, int]
    """By the name of the process."""


def run(session: Session) -> None:
    """Measure all servers in turn, each with its own camera."""
    camera = session.camera(KILOBYTES)
    with ExitStack() as started:
        ours = started.enter_context(pipeline(camera, session.new_folder()))
        subjects = {"framebus": Subject(ours.mjpeg, ours.pids)}
        for name, peer in peers.PEERS.items():
            with session.skipping(SkippedBenchmark):
                server = started.enter_context(peer(camera, session.new_folder()))
                subjects[name] = Subject(server, {name: server.pid})
        for viewers in CASES:
            for turn in range(session.rounds(ROUNDS)):
                for name in rotated(list(subjects), turn):
                    measure(session, name, subjects[name], viewers)
    print(report(session))


def measure(session: Session, name: str, subject: Subject, viewers: int) -> None:
    """Measure one server once."""
    server = subject.server
    with Load("mjpeg", server.host, server.port, server.path, viewers) as load:
        before = {process: cpu_seconds(pid) for process, pid in subject.pids.items()}
        seen = load.measure(session.seconds(SECONDS))
        used = {process: cpu_seconds(pid) - before[process] for process, pid in subject.pids.items()}
    shares = {process: 100 * seconds / seen.seconds for process, seconds in used.items()}
    key = f"few-viewers/{viewers}/{name}"
    session.results.add(f"{key}/cpu", sum(shares.values()), "% of a core")
    session.results.add(f"{key}/fps", seen.fps, "fps", more_is_better=True)
    if name == "framebus":
        for process, share in shares.items():
            session.results.add(f"{key}/{process}", share, "% of a core")
    each = ", ".join(f"{process} {share:.2f}" for process, share in shares.items())
    session.progress(f"{viewers} viewers: {each} % of a core, {seen.fps:.1f} fps")


def report(session: Session) -> str:
    """Return the table."""
    results = session.results
    rows = []
    for viewers in CASES:
        theirs = results.value(f"few-viewers/{viewers}/ustreamer/cpu")
        for name in NAMES:
            key = f"few-viewers/{viewers}/{name}"
            used = results.value(f"{key}/cpu")
            parts = [results.value(f"{key}/{process}") for process in ("capture", "gateway", "snapshot")]
            shown = [number(part) for part in parts]
            fps = number(results.value(f"{key}/fps"), 1)
            rows.append([f"{viewers} viewers: {name}", number(used), ratio(used, theirs), fps, *shown])
    return table(["% of a core", "all", "of ustreamer", "fps", "capture", "gateway", "snapshot"], rows)
