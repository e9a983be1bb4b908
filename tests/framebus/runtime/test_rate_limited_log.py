"""RateLimitedLog are all counted, and said at most once a second."""

import logging

import pytest

from framebus.runtime.rate_limited_log import RateLimitedLog
from tests.clock import Clock

logger = logging.getLogger("test-losses")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def losses(clock: Clock) -> RateLimitedLog:
    return RateLimitedLog(logger, clock)


def test_the_first_loss_is_said_at_once(losses: RateLimitedLog, caplog: pytest.LogCaptureFixture) -> None:
    losses.count("frames lost", "the last was 7")

    assert caplog.messages == ["1 frames lost (1 in all): the last was 7"]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_flood_becomes_one_line_a_second(
    losses: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1000):
        losses.count("frames lost", f"the last was {number}")
    clock.seconds += 1
    losses.count("frames lost", "the last was 1000")

    assert caplog.messages == [
        "1 frames lost (1 in all): the last was 0",
        "1000 frames lost (1001 in all): the last was 1000",
    ]
    assert losses.total == {"frames lost": 1001}


def test_flush_says_the_last_losses_of_a_burst(
    losses: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    losses.count("frames lost")
    losses.count("frames lost", amount=3)
    losses.flush()
    assert caplog.messages == ["1 frames lost (1 in all)"]

    clock.seconds += 1
    losses.flush()
    losses.flush()
    assert caplog.messages[1:] == ["3 frames lost (4 in all)"]


def test_kinds_are_counted_apart(losses: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    losses.count("bad", "a")
    losses.count("late", "b")
    losses.count("bad", "c")
    clock.seconds += 1
    losses.flush()

    assert caplog.messages == ["1 bad (1 in all): a", "1 late (1 in all): b", "1 bad (2 in all): c"]
    assert losses.total == {"bad": 2, "late": 1}


def test_nothing_lost_is_nothing_said(losses: RateLimitedLog, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    clock.seconds += 10
    losses.flush()

    assert caplog.messages == []
