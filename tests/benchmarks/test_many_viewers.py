"""What a crowd of viewers gets, from the metrics of the gateway and in the table."""

from pathlib import Path

from benchmarks.many_viewers import COUNTERS, report, value_of
from benchmarks.session import Session

METRICS = """# HELP framebus_camera_frames_skipped_total Frames not sent to a viewer, counted for each.
framebus_camera_frames_skipped_total{camera="front",reason="line"} 1.2e+03
framebus_camera_frames_skipped_total{camera="front",reason="page"} 7.0
"""


def test_the_counters_of_the_gateway_by_their_labels() -> None:
    assert [value_of(metric, METRICS) for metric in COUNTERS.values()] == [0.0, 1200.0]


def test_a_rate_that_was_not_measured_leaves_dashes() -> None:
    session = Session(Path("."))
    for name, value in (("fps", 10.0), ("least fps", 9.5), ("most fps", 10.5)):
        session.results.add(f"many-viewers/10 fps/{name}", value, "fps")
    lines = report(session).splitlines()
    assert lines[2].split() == ["camera", "with", "10", "fps", "10.0", "9.5", "10.5", *5 * "-"]
    assert lines[3].split() == ["camera", "with", "30", "fps", *8 * "-"]
    assert lines[4].split() == ["camera", "with", "60", "fps", *8 * "-"]
