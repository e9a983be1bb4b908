"""The cost of sending frames to many viewers: CPU seconds of the serving process for each GB delivered."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks import peers
from benchmarks.load import Kind, Load
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import SkippedBenchmark, cpu_seconds
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

TITLE = "Fan-out: CPU seconds of the serving process for each GB delivered"
CASES = ((162, 50, 3, 2.0), (162, 500, 3, 2.5), (30, 50, 3, 1.5))
"""KB a picture, viewers, rounds, seconds of each turn."""
ORDER = ("MJPEG", "websocket", *peers.PEERS, "bare loop")


@dataclass(frozen=True)
class Subject:
    """A server to measure, and the kind of its viewers."""

    kind: Kind
    server: Server


def run(session: Session) -> None:
    """Measure all servers in turn."""
    for kilobytes in dict.fromkeys(case[0] for case in CASES):
        with subjects(session, kilobytes) as (servers, capture):
            for case in CASES:
                if case[0] == kilobytes:
                    measure(session, servers, capture, *case)
    print(report(session))


@contextmanager
def subjects(session: Session, kilobytes: int) -> Iterator[tuple[dict[str, Subject], int]]:
    """Start all servers with this camera; yield them by name, and the process id of capture."""
    camera = session.camera(kilobytes)
    with ExitStack() as started:
        ours = started.enter_context(pipeline(camera, session.new_folder()))
        servers = {"MJPEG": Subject("mjpeg", ours.mjpeg), "websocket": Subject("websocket", ours.websocket)}
        for name, peer in peers.PEERS.items():
            with session.skipping(SkippedBenchmark):
                servers[name] = Subject("mjpeg", started.enter_context(peer(camera, session.new_folder())))
        server = started.enter_context(peers.baseline_server(camera, session.new_folder()))
        servers["bare loop"] = Subject("mjpeg", server)
        yield servers, ours.pids["capture"]


def measure(
    session: Session,
    servers: dict[str, Subject],
    capture: int,
    kilobytes: int,
    viewers: int,
    rounds: int,
    seconds: float,
) -> None:
    """Measure a few rounds of one case."""
    for turn in range(session.rounds(rounds)):
        for name in rotated(list(servers), turn):
            subject = servers[name]
            server = subject.server
            with Load(subject.kind, server.host, server.port, server.path, viewers) as load:
                before = cpu_seconds(capture)
                seen = load.measure(session.seconds(seconds), server.pid)
                captured = cpu_seconds(capture) - before
            key = f"fan-out/{kilobytes} KB/{viewers}/{name}"
            session.results.add(f"{key}/cpu", seen.cpu_per_gigabyte, "s/GB")
            session.results.add(f"{key}/fps", seen.fps, "fps", more_is_better=True)
            if name in ("MJPEG", "websocket"):
                session.results.add(f"{key}/capture", 100 * captured / seen.seconds, "% of a core")
            session.progress(
                f"{kilobytes} KB, {viewers} viewers, {name}: {seen.cpu_per_gigabyte:.3f} s/GB, "
                f"{seen.fps:.1f} fps each, {seen.gigabytes / seen.seconds:.2f} GB/s "
                f"(viewers themselves: {seen.own_cores:.2f} cores)"
            )


def rotated(names: list[str], turn: int) -> list[str]:
    """Start each round with another server, as the first measurements after a start are slower."""
    first = turn % len(names)
    return names[first:] + names[:first]


def report(session: Session) -> str:
    """Return the table."""
    rows = []
    for kilobytes, viewers, _, _ in CASES:
        values = {name: session.results.value(f"fan-out/{kilobytes} KB/{viewers}/{name}/cpu") for name in ORDER}
        for name in ORDER:
            key = f"fan-out/{kilobytes} KB/{viewers}/{name}"
            rows.append(
                [
                    f"{kilobytes} KB, {viewers} viewers: {name}",
                    number(values[name], 3),
                    ratio(values[name], values["bare loop"]),
                    ratio(values[name], values["ustreamer"]),
                    ratio(values[name], values["mjpg-streamer"]),
                    number(session.results.value(f"{key}/fps"), 1),
                    number(session.results.value(f"{key}/capture"), 1),
                ]
            )
    return table(["", "s/GB", "of bare", "of ustreamer", "of mjpg-streamer", "fps each", "capture, % of a core"], rows)
