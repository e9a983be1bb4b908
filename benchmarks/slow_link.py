"""The age of frames behind a link that cannot carry all of them."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import peers
from benchmarks.age import SHARES, shown
from benchmarks.load import Kind, Load
from benchmarks.network import SlowLink, slow_link
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Slow link: age of a frame of 162 KB when its only viewer has received it completely, in ms"
CASES = ((16, 4.0), (4, 5.0))
"""Mbit/s, seconds."""
WARM_SECONDS = 2.0
"""Time for buffers to fill."""
NAMES = ("MJPEG", "page websocket", "ustreamer")


@dataclass(frozen=True)
class Subject:
    """A server to measure, and the kind of its viewers."""

    kind: Kind
    server: Server


def run(session: Session) -> None:
    """Measure all servers in turn, each alone on the link."""
    camera = session.camera(162)
    with ExitStack() as started:
        link = started.enter_context(slow_link())
        ours = started.enter_context(pipeline(camera, session.new_folder(), link.host))
        servers = {"MJPEG": Subject("mjpeg", ours.mjpeg), "page websocket": Subject("page", ours.page)}
        with session.skipping(SkippedBenchmark):
            server = started.enter_context(peers.ustreamer(camera, session.new_folder(), link.host))
            servers["ustreamer"] = Subject("mjpeg", server)
        for megabits, seconds in CASES[:1] if session.quick else CASES:
            link.limit(megabits)
            for name, subject in servers.items():
                measure(session, link, megabits, name, subject, session.seconds(seconds))
    print(report(session))


def measure(session: Session, link: SlowLink, megabits: int, name: str, subject: Subject, seconds: float) -> None:
    """Measure one server once."""
    server = subject.server
    with Load(subject.kind, server.host, server.port, server.path, 1, prefix=link.prefix) as load:
        time.sleep(WARM_SECONDS)
        seen = load.measure(seconds)
    session.results.add_ages(f"slow-link/{megabits}/{name}", seen.ages)
    session.results.add(f"slow-link/{megabits}/{name}/fps", seen.fps, "fps", more_is_better=True)
    session.progress(f"{megabits} Mbit/s, {name}: {shown(seen.ages)} at {seen.fps:.1f} fps")


def report(session: Session) -> str:
    """Return the table."""
    rows = []
    for megabits, name in ((megabits, name) for megabits, _ in CASES for name in NAMES):
        key = f"slow-link/{megabits}/{name}"
        if f"{key}/fps" in session.results:
            ages = [number(session.results.value(f"{key}/{share}"), 0) for share in SHARES]
            rows.append([f"{megabits} Mbit/s: {name}", *ages, number(session.results.value(f"{key}/fps"), 1)])
    return table(["", *SHARES, "fps"], rows)
