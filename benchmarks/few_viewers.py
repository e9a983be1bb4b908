"""The cost of one viewer and of a few: CPU use of all processes of a server.

Beside framebus and its peers there is a bare relay: two Python processes with ZeroMQ between them, which do nothing but
hand the camera's frames to each viewer.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers
from benchmarks.camera import Camera
from benchmarks.fan_out import rotated
from benchmarks.load import Load
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import LIMITED_START_SECONDS, Helper, Process, SkippedBenchmark, cpu_seconds
from benchmarks.quota import server_group
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Few viewers: CPU use of all processes of a server"
CASES = (1, 5)
"""Viewers."""
ROUNDS = 5
SECONDS = 4.0
BARE = "bare relay"
NAMES = ("framebus", BARE, *peers.PEERS)
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
        bare = started.enter_context(bare_relay(camera, session.new_folder()))
        subjects = {"framebus": Subject(ours.mjpeg, ours.pids), BARE: bare}
        for name, peer in peers.PEERS.items():
            with session.skipping(SkippedBenchmark):
                server = started.enter_context(peer(camera, session.new_folder()))
                subjects[name] = Subject(server, {name: server.pid})
        for viewers in CASES:
            for turn in range(session.rounds(ROUNDS)):
                for name in rotated(list(subjects), turn):
                    measure(session, name, subjects[name], viewers)
    print(report(session))


@contextmanager
def bare_relay(camera: Camera, folder: Path) -> Iterator[Subject]:
    """Run benchmarks.bare_capture and benchmarks.bare_gateway with this camera."""
    endpoint = f"ipc://{folder}/frames"
    command = [sys.executable, "-m", "benchmarks.bare_capture", camera.device, endpoint]
    with (
        server_group() as join,
        Process(command, folder / "capture.log", camera.environment) as capture,
        Helper("bare_gateway", {"endpoint": endpoint}) as gateway,
    ):
        pids = {"capture": capture.pid, "gateway": gateway.pid}
        for pid in pids.values():
            join(pid)
        port = gateway.answer(LIMITED_START_SECONDS)["port"]
        yield Subject(Server(gateway.pid, "127.0.0.1", port, "/"), pids)


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
    if len(shares) > 1:
        for process, share in shares.items():
            session.results.add(f"{key}/{process}", share, "% of a core")
    each = ", ".join(f"{process} {share:.2f}" for process, share in shares.items())
    session.progress(f"{viewers} viewers: {each} % of a core, {seen.fps:.1f} fps")


def report(session: Session) -> str:
    """Return the table."""
    results = session.results
    rows = []
    for viewers in CASES:
        bare, theirs = (results.value(f"few-viewers/{viewers}/{name}/cpu") for name in (BARE, "ustreamer"))
        for name in NAMES:
            key = f"few-viewers/{viewers}/{name}"
            used = results.value(f"{key}/cpu")
            parts = [results.value(f"{key}/{process}") for process in ("capture", "gateway", "snapshot")]
            ratios = [ratio(used, bare), ratio(used, theirs)]
            fps = number(results.value(f"{key}/fps"), 1)
            rows.append([f"{viewers} viewers: {name}", number(used), *ratios, fps, *map(number, parts)])
    return table(["% of a core", "all", "of bare relay", "of ustreamer", "fps", "capture", "gateway", "snapshot"], rows)
