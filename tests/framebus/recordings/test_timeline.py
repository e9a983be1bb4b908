"""The time line: no overlap, nothing lost that nothing covers, and of two recordings of a moment the later made."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.recordings.timeline import Segment, Span, spans, without_overlap


def made(begin: float, end: float, written: float = 0.0, *, keep: bool = False) -> Segment:
    path = Path(f"{begin}-{end}-{written}")
    return Segment(path=path, start=begin, begin=begin, end=end, bytes=10, made=written, keep=keep)


def shown(segments: list[Segment]) -> list[tuple[float, float, float]]:
    return [(segment.begin, segment.end, segment.made) for segment in segments]


def test_segments_that_follow_one_another_stay_as_they_are() -> None:
    assert shown(without_overlap([made(60, 120), made(0, 60)])) == [(0, 60, 0), (60, 120, 0)]


def test_a_millisecond_of_overlap_is_rounding() -> None:
    assert shown(without_overlap([made(0, 60.001, 9), made(60, 120, 1)])) == [(0, 60, 9), (60, 120, 1)]


def test_after_the_clock_went_back_the_later_recording_is_shown() -> None:
    line = without_overlap([made(0, 60, 1), made(60, 120, 2), made(50, 70, 3)])

    assert shown(line) == [(0, 50, 1), (50, 70, 3), (70, 120, 2)]
    assert [segment.end_hidden for segment in line] == [True, False, False]


def test_what_was_made_earlier_fills_the_gaps() -> None:
    assert shown(without_overlap([made(10, 20, 5), made(30, 40, 5), made(0, 50, 1)])) == [
        (0, 10, 1),
        (10, 20, 5),
        (20, 30, 1),
        (30, 40, 5),
        (40, 50, 1),
    ]


times = st.integers(0, 300)


@pytest.mark.medium
@given(st.lists(st.tuples(times, st.integers(1, 60), st.integers(0, 1000)), max_size=12, unique_by=lambda one: one[2]))
def test_each_moment_shows_the_latest_made_recording_of_it(found: list[tuple[int, int, int]]) -> None:
    segments = [made(begin, begin + length, written) for begin, length, written in found]

    line = without_overlap(segments)

    assert all(one.end <= other.begin for one, other in pairwise(line))
    for moment in range(370):
        at = moment + 0.5
        latest = max((one.made for one in segments if one.begin <= at < one.end), default=None)
        assert [one.made for one in line if one.begin <= at < one.end] == ([] if latest is None else [latest])


def test_spans_join_what_has_short_pauses_and_the_same_mark() -> None:
    line = [made(0, 60), made(62, 120), made(130, 140), made(140, 150, keep=True)]

    assert spans(line) == [Span(0, 120, 20, False), Span(130, 140, 10, False), Span(140, 150, 10, True)]
    assert spans(line, 60) == [Span(0, 140, 30, False), Span(140, 150, 10, True)]
    assert spans([]) == []
