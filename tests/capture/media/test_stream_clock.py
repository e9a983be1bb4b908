"""A picture's time is the stream's, set against the arrivals."""

import pytest

from capture.media.stream_clock import StreamClock


def ages(pictures: list[tuple[float, float]]) -> list[float]:
    """How old each picture is when it arrives; each is (seconds of the stream, arrival)."""
    clock = StreamClock()
    return [round(arrival - clock.taken(at, arrival), 3) for at, arrival in pictures]


def test_pictures_that_come_in_time_are_new() -> None:
    assert ages([(0.1 * n, 100 + 0.1 * n) for n in range(50)]) == [0] * 50


def test_a_late_picture_is_as_old_as_it_is_late() -> None:
    assert ages([(0, 100), (1, 101.4), (2, 102), (3, 103.2)]) == [0, 0.4, 0, 0.2]


def test_a_burst_after_a_stall_is_old() -> None:
    stalled = [(10.0 + n, 130.0) for n in range(20)]
    assert ages([(float(n), 100.0 + n) for n in range(10)] + stalled) == [0] * 10 + [20 - n for n in range(20)]


@pytest.mark.parametrize("leap", [3600.0, 100_000.0, -3600.0])
def test_time_stamps_that_leap_make_no_picture_old(leap: float) -> None:
    before = [(5000.0 + n, 100.0 + n) for n in range(5)]
    after = [(5000 + leap + n, 100.0 + n) for n in range(5, 10)]
    back = [(5000.0 + n, 100.0 + n) for n in range(10, 15)]
    assert ages(before + after)[-3:] == [0, 0, 0]
    assert ages(before + after + back)[-3:] == [0, 0, 0]


def test_the_small_steps_back_of_b_frames_are_no_leap() -> None:
    assert ages([(0, 100), (0.3, 100.1), (0.1, 100.1), (0.2, 100.2), (0.6, 100.3)])[2:4] == [0.2, 0.2]


@pytest.mark.parametrize("rate", [0.98, 0.9, 0.5])
def test_a_clock_that_runs_too_slowly_makes_no_picture_ever_older(rate: float) -> None:
    assert max(ages([(rate * n / 10, 100 + n / 10) for n in range(20_000)])) < 10.5


def test_drift_is_forgotten() -> None:
    drifting = [(n * 0.9999, 100.0 + n) for n in range(10_000)]
    assert max(ages(drifting)) < 0.07


def test_no_picture_is_from_the_future() -> None:
    clock = StreamClock()
    assert clock.taken(5, 100) == 100
    assert clock.taken(900, 101) == 101
