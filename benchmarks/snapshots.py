"""How many stills a second are served, and at which latency, while viewers watch the stream."""

import time
import urllib.request
from contextlib import ExitStack

from benchmarks import peers
from benchmarks.load import Load
from benchmarks.peers import Server
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.processes import Helper, SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Snapshots of 162 KB, requested on 4 connections while 20 viewers watch the stream"
VIEWERS = 20
CONNECTIONS = 4
ROUNDS = 2
SECONDS = 3.0
HTTP, ZEROMQ, USTREAMER = "framebus over HTTP", "framebus over ZeroMQ", "ustreamer over HTTP"
HTTP_SMALL, ZEROMQ_SMALL = "framebus over HTTP, width=320", "framebus over ZeroMQ, width=320"
NAMES = (HTTP, ZEROMQ, USTREAMER, HTTP_SMALL, ZEROMQ_SMALL)
PATH = "/camera/front/snapshot.jpg"
POLL_SECONDS = 0.01
"""Pause of a client that polls: about a hundred stills a second, more than known programs request."""
IDLE_SECONDS = 9.0
"""After this time the camera is idle: the gateway keeps it awake for 5 s, the snapshot service for 2."""
FRESH = 3


def run(session: Session) -> None:
    """Measure each server in turn, each with its own viewers."""
    camera = session.camera(162)
    with ExitStack() as started:
        ours = started.enter_context(pipeline(camera, session.new_folder()))
        theirs = None
        with session.skipping(SkippedBenchmark):
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
    """Measure stills over HTTP and over ZeroMQ."""
    with viewers_of(ours.mjpeg):
        measure(session, HTTP, host=ours.host, port=ours.port, path=PATH)
        measure(session, ZEROMQ, endpoint=ours.stills)
        measure(session, HTTP_SMALL, host=ours.host, port=ours.port, path=f"{PATH}?width=320")
        measure(session, ZEROMQ_SMALL, endpoint=ours.stills, parameters={"width": 320})


def measure_ages(session: Session, ours: Pipeline) -> None:
    """Measure the age of frames at the viewers, without and with a client that polls stills."""
    seconds = session.seconds(SECONDS)
    settings = {"connections": 1, "seconds": seconds + 2, "pause": POLL_SECONDS}
    server = {"host": ours.host, "port": ours.port, "path": PATH}
    with viewers_of(ours.mjpeg) as load:
        session.results.add_ages("snapshots/viewers/without", load.measure(seconds).ages)
        with Helper("still_clients", {**settings, **server}) as helper:
            session.results.add_ages("snapshots/viewers/with", load.measure(seconds).ages)
            rate = helper.answer()["rate"]
    session.progress(f"viewers without stills, and with {rate:.0f} stills a second: measured")


def measure_fresh(session: Session, ours: Pipeline) -> None:
    """Measure the time to a fresh still of an idle camera."""
    time.sleep(IDLE_SECONDS)
    began = time.monotonic()
    with urllib.request.urlopen(f"http://{ours.host}:{ours.port}{PATH}?fresh=1", timeout=10) as answer:
        answer.read()
    seconds = time.monotonic() - began
    session.results.add("snapshots/fresh from idle", seconds * 1000, "ms")
    session.progress(f"a fresh still from the idle camera: {seconds * 1000:.0f} ms")


def viewers_of(server: Server) -> Load:
    """Viewers of the stream during a measurement."""
    return Load("mjpeg", server.host, server.port, server.path, VIEWERS)


def measure(session: Session, name: str, **server: object) -> None:
    """Measure stills from one server, over HTTP or ZeroMQ."""
    settings = {"connections": CONNECTIONS, "seconds": session.seconds(SECONDS), **server}
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
    for name, text in (("without", "no stills requested"), ("with", "80 to 100 stills requested a second")):
        shares = [number(session.results.value(f"snapshots/viewers/{name}/{share}")) for share in ("p50", "p99")]
        ages.append([text, *shares])
    fresh = number(session.results.value("snapshots/fresh from idle"), 0)
    stills = table(["", "a second", "p50 ms", "p99 ms"], rows)
    seen = table([f"age at {VIEWERS} viewers while", "p50 ms", "p99 ms"], ages)
    small = "ustreamer cannot make stills smaller; framebus makes each once, however many ask for it."
    return f"{stills}\n\n{small}\n\n{seen}\n\na fresh still from the idle camera: {fresh} ms"
