import pytest

from capture.retry_schedule import MIN_SECONDS_BETWEEN_ATTEMPTS, PAUSES_SECONDS, RetrySchedule
from tests.clock import Clock


def test_the_first_retry_comes_at_once_and_the_pauses_grow_to_half_a_minute() -> None:
    clock = Clock()
    schedule = RetrySchedule(now=clock)
    pauses = []
    for _ in range(12):
        schedule.attempt()
        clock.seconds += 10
        pauses.append(schedule.fail())
    assert pauses == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]


def test_a_picture_makes_the_next_retry_come_at_once_again() -> None:
    clock = Clock()
    schedule = RetrySchedule(now=clock)
    for _ in range(5):
        schedule.fail()
    schedule.restart()
    assert schedule.failures == 0
    assert schedule.fail() == PAUSES_SECONDS[0]


def test_a_camera_that_gives_one_picture_after_each_opening_is_not_opened_in_a_loop() -> None:
    clock = Clock()
    schedule = RetrySchedule(now=clock)
    attempts = []
    for _ in range(10):
        schedule.attempt()
        attempts.append(clock.seconds)
        clock.seconds += 0.01
        schedule.restart()
        clock.seconds += schedule.fail()
    assert attempts[-1] - attempts[0] == pytest.approx(9 * MIN_SECONDS_BETWEEN_ATTEMPTS)
