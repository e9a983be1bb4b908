"""The table of few viewers."""

from pathlib import Path

from benchmarks.few_viewers import report
from benchmarks.session import Session


def test_peers_that_were_not_there_leave_dashes() -> None:
    session = Session(Path("."))
    for process, share in (("cpu", 3.0), ("capture", 2.0), ("gateway", 0.9), ("snapshot", 0.1)):
        session.results.add(f"few-viewers/1/framebus/{process}", share, "% of a core")
    session.results.add("few-viewers/1/ustreamer/cpu", 2.0, "% of a core")
    rows = [line.split() for line in report(session).splitlines()]
    assert ["1", "viewers:", "framebus", "3.00", "1.50x", "-", "2.00", "0.90", "0.10"] in rows
    assert ["1", "viewers:", "mjpg-streamer", "-", "-", "-", "-", "-", "-"] in rows
