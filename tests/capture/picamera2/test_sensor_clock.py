"""The sensor's time is told from another clock's, and a frame of unknown age counts as taken now."""

import time

import pytest

from capture.picamera2.sensor_clock import RECENT_SECONDS, age

PERIOD = 1 / 30


def test_both_clocks_of_the_kernel() -> None:
    taken = 0.25
    for clock in (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
        assert age(time.clock_gettime_ns(clock) - int(taken * 1e9), PERIOD) == pytest.approx(taken, abs=0.1)


def test_a_long_exposure_is_not_another_clock() -> None:
    assert age(time.monotonic_ns() - 100 * 10**9, 100) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("seconds_ago", [2 * RECENT_SECONDS, -2.0, 10**6])
def test_any_other_clock_tells_nothing(seconds_ago: float) -> None:
    now = max(time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    assert age(now - int(seconds_ago * 1e9), PERIOD) == 0


@pytest.mark.parametrize("timestamp", [None, "now", 1.5])
def test_no_time_at_all(timestamp: object) -> None:
    assert age(timestamp, PERIOD) == 0


def test_no_frame_is_from_the_future() -> None:
    assert age(time.monotonic_ns() + 50_000_000, PERIOD) == 0
