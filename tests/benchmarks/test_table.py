"""Tables that line up, and two runs beside each other."""

from benchmarks.results import Result, Results
from benchmarks.table import change, comparison, number, ratio, table


def test_names_are_to_the_left_and_figures_to_the_right() -> None:
    assert table(["", "ms"], [["one", "1.5"], ["twenty", "12.5"]]).splitlines() == [
        "          ms",
        "------  ----",
        "one      1.5",
        "twenty  12.5",
    ]


def test_what_was_not_measured_is_a_dash() -> None:
    assert number(None) == ratio(None, 1.0) == ratio(1.0, None) == ratio(1.0, 0.0) == change(0.0, 1.0) == "-"


def test_ratios_and_changes() -> None:
    assert ratio(0.3, 0.2) == "1.50x"
    assert change(2.0, 1.5) == "-25%"
    assert change(2.0, 3.0) == "+50%"


def test_a_comparison_says_what_became_better() -> None:
    old = Results({"age": Result("ms", [2.0]), "rate": Result("GB/s", [2.0], True), "gone": Result("ms", [1.0])})
    new = Results({"age": Result("ms", [3.0]), "rate": Result("GB/s", [3.0], True), "new": Result("ms", [1.0])})
    _, _, *rows = [line.split() for line in comparison(old, new).splitlines()]
    assert rows == [["age", "2.00", "3.00", "ms", "+50%", "worse"], ["rate", "2.00", "3.00", "GB/s", "+50%", "better"]]


def test_a_figure_that_stayed_is_neither_better_nor_worse() -> None:
    same = Results({"age": Result("ms", [2.0])})
    assert comparison(same, same).splitlines()[-1].split() == ["age", "2.00", "2.00", "ms", "+0%"]
