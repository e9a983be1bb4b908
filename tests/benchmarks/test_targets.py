"""Ratios within one run, and whether they were reached."""

from benchmarks.results import Result, Results
from benchmarks.targets import Target, summary

KEY = "fan-out/162 KB/50"


def fan_out(ours: float, bare: float) -> Results:
    return Results({f"{KEY}/MJPEG/cpu": Result("s/GB", [ours]), f"{KEY}/bare loop/cpu": Result("s/GB", [bare])})


def row(text: str, mark: str) -> str:
    """What stands behind the mark, with single blanks."""
    found = [line.partition(mark)[2] for line in text.splitlines() if mark in line]
    assert len(found) == 1
    return " ".join(found[0].split())


def test_a_ratio_is_that_of_the_medians() -> None:
    target = Target("", "ours", 1.3, "base")
    results = Results({"ours": Result("s", [9.0, 2.0, 3.0]), "base": Result("s", [2.0])})
    assert target.measured(results) == 1.5
    assert not target.is_met(1.5)
    assert target.is_met(1.3)


def test_some_figures_shall_be_large() -> None:
    assert Target("", "ours", 1.7, at_least=True).is_met(1.8)
    assert not Target("", "ours", 1.7, at_least=True).is_met(1.6)


def test_the_summary_says_which_were_reached() -> None:
    assert row(summary(fan_out(0.22, 0.20)), "to bare loop") == "1.10 at most 1.15x reached"
    assert row(summary(fan_out(0.30, 0.20)), "to bare loop") == "1.50 at most 1.15x MISSED"


def test_a_peer_that_was_not_there_leaves_a_dash() -> None:
    assert row(summary(fan_out(0.24, 0.20)), "to ustreamer") == "- at most 0.35x -"


def test_what_was_not_measured_is_not_in_the_summary() -> None:
    assert "slow link" not in summary(fan_out(0.24, 0.20))
