"""How many stills a second there are, and how long one takes, while others watch the stream."""

from contextlib import ExitStack

from benchmarks import peers
from benchmarks.load import Load
from benchmarks.peers import Server
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.processes import Helper, LeftOut
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Snapshots of 162 KB, asked for on 4 connections while 20 viewers watch the stream"
VIEWERS = 20
CONNECTIONS = 4
ROUNDS = 2
SECONDS = 3.0
HTTP, ZEROMQ, USTREAMER = "framebus over HTTP", "framebus over ZeroMQ", "ustreamer over HTTP"


def run(session: Session) -> None:
    """All in turns, each with its own viewers."""
    camera = session.camera(162)
    with ExitStack() as started:
        ours = started.enter_context(pipeline(camera, session.new_folder()))
        theirs = None
        with session.leaving_out(LeftOut):
            theirs = started.enter_context(peers.ustreamer(camera, session.new_folder()))
        for _ in range(session.rounds(ROUNDS)):
            measure_ours(session, ours)
            if theirs is not None:
                with viewers_of(theirs):
                    measure(session, USTREAMER, host=theirs.host, port=theirs.port, path="/snapshot")
    print(report(session))


def measure_ours(session: Session, ours: Pipeline) -> None:
    """Both ways to a still."""
    with viewers_of(ours.mjpeg):
        measure(session, HTTP, host=ours.host, port=ours.port, path="/camera/front/snapshot.jpg")
        measure(session, ZEROMQ, endpoint=ours.stills)


def viewers_of(server: Server) -> Load:
    """Those who watch meanwhile."""
    return Load("mjpeg", server.host, server.port, server.path, VIEWERS)


def measure(session: Session, name: str, **where: str | int) -> None:
    """One turn."""
    settings = {"connections": CONNECTIONS, "seconds": session.seconds(SECONDS), **where}
    with Helper("asking", settings) as helper:
        seen = helper.answer()
    session.figures.add(f"snapshots/{name}/rate", seen["rate"], "a second", more_is_better=True)
    session.figures.add_ages(f"snapshots/{name}", seen["took"])
    session.progress(
        f"{name}: {seen['rate']:.0f} a second, p50 {seen['took']['p50'] * 1000:.2f}, "
        f"p99 {seen['took']['p99'] * 1000:.2f} ms"
    )


def report(session: Session) -> str:
    """The table."""
    rows = []
    for name in (HTTP, ZEROMQ, USTREAMER):
        rate = number(session.figures.value(f"snapshots/{name}/rate"), 0)
        took = [number(session.figures.value(f"snapshots/{name}/{share}")) for share in ("p50", "p99")]
        rows.append([name, rate, *took])
    return table(["", "a second", "p50 ms", "p99 ms"], rows)
