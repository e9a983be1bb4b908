"""What is deleted: the oldest first, whichever limit is reached, nothing that is kept or written."""

import math
from pathlib import Path

import pytest

from framebus.recordings.timeline import Segment
from recorder.retention import DAY_SECONDS, Limits, plan

HUGE = 1e15
ROOMY = Limits(keep_seconds=HUGE, keep_bytes=HUGE, leave_free_bytes=0)


def segment(start: float, bytes: int = 100, *, keep: bool = False) -> Segment:
    return Segment(path=Path(str(start)), start=start, begin=start, end=start + 60, bytes=bytes, made=start, keep=keep)


MINUTES = [segment(60 * number) for number in (3, 0, 2, 1)]


def deleted(limits: Limits, segments: list[Segment] = MINUTES, **options: float) -> list[tuple[float, str]]:
    now, free = options.get("now", 240.0), options.get("free_bytes", HUGE)
    return [(deletion.segment.start, deletion.limit) for deletion in plan(segments, limits, now, free)]


def test_with_room_nothing_is_deleted() -> None:
    assert deleted(ROOMY) == []
    assert deleted(ROOMY, []) == []


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(100, HUGE, 0), [(0, "keep_days"), (60, "keep_days")]),
        (Limits(HUGE, 250, 0), [(0, "keep_gb"), (60, "keep_gb")]),
        (Limits(HUGE, 400, 0), []),
        (Limits(150, 150, 0), [(0, "keep_days"), (60, "keep_gb"), (120, "keep_gb")]),
    ],
)
def test_the_oldest_go_first(limits: Limits, expected: list[tuple[float, str]]) -> None:
    assert deleted(limits) == expected


def test_what_is_left_free_has_some_headroom() -> None:
    limits = Limits(HUGE, HUGE, leave_free_bytes=1000)

    assert deleted(limits, free_bytes=1040) == []
    assert deleted(limits, free_bytes=1039) == [(0, "leave_free_gb")]
    assert deleted(limits, free_bytes=800) == [(0, "leave_free_gb"), (60, "leave_free_gb"), (120, "leave_free_gb")]


def test_what_is_kept_or_being_written_stays() -> None:
    segments = [segment(0, keep=True), segment(60), segment(120), segment(180)]
    found = plan(segments, Limits(1, 100, 0), 1000, HUGE, busy={segments[3].path})

    assert [deletion.segment.start for deletion in found] == [60, 120]


def test_room_is_made_for_files_too() -> None:
    """Many small recordings use up the inodes of a file system before its bytes."""
    segments = [segment(60 * number, keep=number == 1) for number in range(40)]

    def gone(free_files: float) -> list[float]:
        return [deletion.segment.start for deletion in plan(segments, ROOMY, 0.0, HUGE, free_files=free_files)]

    assert gone(math.inf) == gone(4) == []
    assert gone(3) == [0]
    assert gone(1) == [0, 120, 180]


def test_what_was_recorded_with_a_clock_in_the_future_goes_before_what_is_recorded_now() -> None:
    """Otherwise each new recording would be the oldest one, and go at once."""
    segments = [segment(60 * number) for number in range(5)] + [segment(10 * DAY_SECONDS), segment(9 * DAY_SECONDS)]
    now = 300.0

    def gone(limits: Limits) -> list[float]:
        return [deletion.segment.start for deletion in plan(segments, limits, now, HUGE)]

    assert gone(ROOMY) == []
    assert gone(Limits(HUGE, 400, 0)) == [9 * DAY_SECONDS, 10 * DAY_SECONDS, 0]
    assert gone(Limits(150, 500, 0)) == [0, 60]
    assert gone(Limits(150, 400, 0)) == [0, 60, 9 * DAY_SECONDS]
