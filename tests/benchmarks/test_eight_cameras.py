"""What each camera after the first adds."""

from pathlib import Path

from benchmarks.eight_cameras import record_further, report
from benchmarks.session import Session


def test_memory_of_each_further_camera() -> None:
    session = Session(Path("."))
    for count, megabytes in ((1, 70.0), (8, 210.0)):
        for what in ("PSS", "private"):
            session.results.add(f"eight-cameras/{count}/{what}", megabytes, "MB")
    record_further(session)
    assert session.results.value("eight-cameras/each further/PSS") == 20.0
    assert report(session).splitlines()[-1].split() == ["each", "further", "20.0", "20.0"]
