"""The age of frames at subscribers: a slow one, one behind a slow link, and twenty at once."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.age import SHARES, shown
from benchmarks.network import slow_link
from benchmarks.pipeline import pipeline
from benchmarks.processes import Helper, SkippedBenchmark, cpu_seconds, free_port
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Subscribers: age of a frame of 162 KB when a program receives it, in ms"
WORK_SECONDS = 0.2
"""Time that the slow program spends on each frame."""
SLOW_SECONDS, LINK_SECONDS, MANY_SECONDS = 6.0, 4.0, 3.0
WARM_SECONDS = 2.0
MANY = 20
PLAIN = "pyzmq with default settings"
"""The peer: it queues a thousand messages at each end."""


@dataclass(frozen=True)
class Case:
    """A subscriber to measure."""

    name: str
    endpoint: str
    work_seconds: float
    warm_seconds: float = 0.0
    prefix: Sequence[str] = ()

    def reader(self, kind: str) -> Helper:
        """Start the subscriber in its own process."""
        settings = {"kind": kind, "endpoint": self.endpoint, "work_seconds": self.work_seconds}
        return Helper("subscriber_process", settings, self.prefix)


def run(session: Session) -> None:
    """Measure all cases."""
    port = free_port()
    publish = f'publish = "tcp://127.0.0.1:{port}"'
    with pipeline(session.camera(162), session.new_folder(), more=publish) as ours:
        endpoints = {"ipc": ours.frames, "tcp": f"tcp://127.0.0.1:{port}"}
        for transport, endpoint in endpoints.items():
            case = Case(f"200 ms a frame, {transport}", endpoint, WORK_SECONDS)
            side_by_side(session, case, session.seconds(SLOW_SECONDS))
        many(session, ours.frames, ours.pids["capture"], session.seconds(MANY_SECONDS))
    with session.skipping(SkippedBenchmark):
        behind_a_slow_link(session)
    print(report(session))


def behind_a_slow_link(session: Session) -> None:
    """Measure a fast subscriber behind a slow link. Raises SkippedBenchmark."""
    with slow_link() as link:
        endpoint = f"tcp://{link.host}:{free_port(link.host)}"
        publish = f'publish = "{endpoint}"\ninsecure_tcp = true'
        with pipeline(session.camera(162), session.new_folder(), more=publish):
            seconds = session.seconds(LINK_SECONDS)
            case = Case("16 Mbit/s, tcp", endpoint, 0, WARM_SECONDS, link.prefix)
            side_by_side(session, case, seconds, ["framebus"])


def side_by_side(session: Session, case: Case, seconds: float, kinds: Sequence[str] = ("framebus", "plain")) -> None:
    """Measure a subscriber of each kind at the same time, as they are mostly idle."""
    with ExitStack() as started:
        readers = {kind: started.enter_context(case.reader(kind)) for kind in kinds}
        for reader in readers.values():
            reader.answer()
        time.sleep(case.warm_seconds)
        for reader in readers.values():
            reader.ask("begin")
        time.sleep(seconds)
        for kind, reader in readers.items():
            name = "framebus" if kind == "framebus" else PLAIN
            seen = reader.ask("end")
            session.results.add_ages(f"subscribers/{case.name}/{name}", seen["ages"])
            session.progress(f"{case.name}, {name}: {shown(seen['ages'])} at {seen['fps']:.1f} fps")


def many(session: Session, endpoint: str, capture: int, seconds: float) -> None:
    """Measure twenty subscribers at once: the medians of their percentiles, and the CPU use of capture."""
    with ExitStack() as started:
        readers = [
            started.enter_context(
                Helper("subscriber_process", {"kind": "framebus", "endpoint": endpoint, "work_seconds": 0})
            )
            for _ in range(MANY)
        ]
        for reader in readers:
            reader.answer()
        for reader in readers:
            reader.ask("begin")
        before = cpu_seconds(capture)
        time.sleep(seconds)
        used = cpu_seconds(capture) - before
        seen = [reader.ask("end") for reader in readers]
    ages = {share: median(one["ages"][share] for one in seen) for share in SHARES}
    case = f"{MANY} at once, ipc"
    session.results.add_ages(f"subscribers/{case}/framebus", ages)
    session.results.add(f"subscribers/{case}/capture", 100 * used / seconds, "% of a core")
    fps = median(one["fps"] for one in seen)
    session.progress(f"{case}: {shown(ages)} at {fps:.1f} fps each, capture {100 * used / seconds:.0f} % of a core")


def report(session: Session) -> str:
    """Return the table."""
    cases = ("200 ms a frame, ipc", "200 ms a frame, tcp", "16 Mbit/s, tcp", f"{MANY} at once, ipc")
    rows = []
    for case in cases:
        for name in ("framebus", PLAIN):
            ages = [number(session.results.value(f"subscribers/{case}/{name}/{share}"), 1) for share in SHARES]
            rows.append([f"{case}: {name}", *ages])
    return table(["", *SHARES], [row for row in rows if any(cell != "-" for cell in row[1:])])
