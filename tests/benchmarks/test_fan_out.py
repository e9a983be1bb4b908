"""The order of the turns."""

from benchmarks.fan_out import rotated


def test_another_subject_is_first_in_each_round() -> None:
    assert [rotated(["a", "b", "c"], turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
