"""A recording is shown at its own speed: no drift, no bursts, no standstill."""

import pytest

from capture.media.play_clock import LATE_SECONDS, LONGEST_STEP_SECONDS, PlayClock


def test_frames_are_due_as_far_apart_as_the_recording_says() -> None:
    clock = PlayClock(0.04)
    due = [clock.due(at, 100.0) for at in (0.0, 0.1, 0.15, 3.0)]
    assert due == pytest.approx([100.0, 100.1, 100.15, 103.0])


def test_times_need_not_begin_at_0() -> None:
    clock = PlayClock(0.04)
    assert [clock.due(at, 100.0) for at in (50.0, 50.5)] == pytest.approx([100.0, 100.5])


def test_being_a_little_late_does_not_add_up() -> None:
    clock = PlayClock(0.04)
    for number in range(10_000):
        due = clock.due(number / 25, 100 + number / 25 + 0.03)
    assert due == pytest.approx(100.03 + 9_999 / 25)


def test_a_new_lap_follows_a_period_after_the_last_frame() -> None:
    clock = PlayClock(0.04)
    due = []
    for _ in range(3):
        due += [clock.due(at, 100.0) for at in (0.0, 0.04, 0.08)]
        clock.new_lap()
    assert due == pytest.approx([100 + 0.04 * number for number in range(9)])


@pytest.mark.parametrize("at", [None, 0.0, 5.0, -3.0, 5.0 + LONGEST_STEP_SECONDS + 1])
def test_a_frame_without_a_sensible_time_takes_a_period(at: float | None) -> None:
    clock = PlayClock(0.04)
    assert clock.due(5.0, 100.0) == 100.0
    assert clock.due(at, 100.0) == pytest.approx(100.04)


def test_after_a_pause_it_goes_on_without_a_burst() -> None:
    clock = PlayClock(0.04)
    clock.due(0.0, 100.0)
    late = 100.04 + LATE_SECONDS + 0.1
    assert [clock.due(0.04, late), clock.due(0.08, late)] == pytest.approx([late, late + 0.04])


def test_a_little_late_is_made_good() -> None:
    clock = PlayClock(0.04)
    clock.due(0.0, 100.0)
    late = 100.04 + LATE_SECONDS - 0.01
    assert [clock.due(0.04, late), clock.due(0.08, late)] == pytest.approx([100.04, 100.08])
