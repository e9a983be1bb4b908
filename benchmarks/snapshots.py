"""How many stills a second there are, and how long one takes, while others watch the stream."""

import time
import urllib.request
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
HTTP_SMALL, ZEROMQ_SMALL = "framebus over HTTP, width=320", "framebus over ZeroMQ, width=320"
NAMES = (HTTP, ZEROMQ, USTREAMER, HTTP_SMALL, ZEROMQ_SMALL)
PATH = "/camera/front/snapshot.jpg"
POLLS_SECONDS = 0.01
"""Between two stills of one who polls: about a hundred a second, more than any program in the field asks for."""
IDLE_SECONDS = 9.0
"""By then nobody keeps the camera awake any more: the gateway goes on for 5 s, the snapshot service for 2."""
FRESH = 3


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
            measure_ages(session, ours)
        for _ in range(session.rounds(FRESH)):
            measure_fresh(session, ours)
    print(report(session))


def measure_ours(session: Session, ours: Pipeline) -> None:
    """Both ways to a still."""
    with viewers_of(ours.mjpeg):
        measure(session, HTTP, host=ours.host, port=ours.port, path=PATH)
        measure(session, ZEROMQ, endpoint=ours.stills)
        measure(session, HTTP_SMALL, host=ours.host, port=ours.port, path=f"{PATH}?width=320")
        measure(session, ZEROMQ_SMALL, endpoint=ours.stills, wishes={"width": 320})


def measure_ages(session: Session, ours: Pipeline) -> None:
    """How old pictures are at the viewers while nobody asks for stills, and while somebody polls them."""
    seconds = session.seconds(SECONDS)
    settings = {"connections": 1, "seconds": seconds + 2, "pause": POLLS_SECONDS}
    where = {"host": ours.host, "port": ours.port, "path": PATH}
    with viewers_of(ours.mjpeg) as load:
        session.results.add_ages("snapshots/viewers/without", load.measure(seconds).ages)
        with Helper("still_clients", {**settings, **where}) as helper:
            session.results.add_ages("snapshots/viewers/with", load.measure(seconds).ages)
            rate = helper.answer()["rate"]
    session.progress(f"the viewers, without anybody who asks, and beside {rate:.0f} stills a second: measured")


def measure_fresh(session: Session, ours: Pipeline) -> None:
    """A fresh still from a camera at which nobody looks."""
    time.sleep(IDLE_SECONDS)
    began = time.monotonic()
    with urllib.request.urlopen(f"http://{ours.host}:{ours.port}{PATH}?fresh=1", timeout=10) as answer:
        answer.read()
    seconds = time.monotonic() - began
    session.results.add("snapshots/fresh from idle", seconds * 1000, "ms")
    session.progress(f"a fresh still from the idle camera: {seconds * 1000:.0f} ms")


def viewers_of(server: Server) -> Load:
    """Those who watch meanwhile."""
    return Load("mjpeg", server.host, server.port, server.path, VIEWERS)


def measure(session: Session, name: str, **where: object) -> None:
    """One turn."""
    settings = {"connections": CONNECTIONS, "seconds": session.seconds(SECONDS), **where}
    with Helper("still_clients", settings) as helper:
        seen = helper.answer()
    session.results.add(f"snapshots/{name}/rate", seen["rate"], "a second", more_is_better=True)
    session.results.add_ages(f"snapshots/{name}", seen["took"])
    session.progress(
        f"{name}: {seen['rate']:.0f} a second, p50 {seen['took']['p50'] * 1000:.2f}, "
        f"p99 {seen['took']['p99'] * 1000:.2f} ms"
    )


def report(session: Session) -> str:
    """The table."""
    rows = []
    for name in NAMES:
        rate = number(session.results.value(f"snapshots/{name}/rate"), 0)
        took = [number(session.results.value(f"snapshots/{name}/{share}")) for share in ("p50", "p99")]
        rows.append([name, rate, *took])
    ages = []
    for name, text in (("without", "nobody asks for stills"), ("with", "somebody polls them, 80 to 100 a second")):
        shares = [number(session.results.value(f"snapshots/viewers/{name}/{share}")) for share in ("p50", "p99")]
        ages.append([text, *shares])
    fresh = number(session.results.value("snapshots/fresh from idle"), 0)
    stills = table(["", "a second", "p50 ms", "p99 ms"], rows)
    seen = table([f"age at {VIEWERS} viewers while", "p50 ms", "p99 ms"], ages)
    small = "ustreamer cannot make stills smaller; framebus makes each once, however many ask for it."
    return f"{stills}\n\n{small}\n\n{seen}\n\na fresh still from the idle camera: {fresh} ms"
