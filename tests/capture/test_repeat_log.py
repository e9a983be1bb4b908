import logging

import pytest

from capture.repeat_log import BURST_LINES, MAX_KINDS, RepeatLog
from tests.clock import Clock

DAY_SECONDS = 24 * 3600
LINE_OVERHEAD_BYTES = 60
"""The time, the level and the process ahead of each line, and its end."""


class Logged:
    """A log of its own, its lines and their bytes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        logger = logging.Logger("repeat")
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]
        logger.addHandler(handler)
        self.log = RepeatLog(logger, self.clock)

    @property
    def size(self) -> int:
        return sum(len(line) + LINE_OVERHEAD_BYTES for line in self.lines)


@pytest.fixture
def log() -> Logged:
    return Logged()


def test_a_line_is_logged_at_once_and_its_repeats_at_growing_intervals(log: Logged) -> None:
    for _ in range(200):
        log.log.log(logging.WARNING, "camera front offline: no answer")
        log.clock.seconds += 1
    assert log.lines == [
        "camera front offline: no answer",
        "camera front offline: no answer (10 times in 10 s)",
        "camera front offline: no answer (20 times in 20 s)",
        "camera front offline: no answer (40 times in 40 s)",
        "camera front offline: no answer (80 times in 80 s)",
    ]


def test_the_last_repeats_are_logged_too(log: Logged) -> None:
    for _ in range(3):
        log.log.log(logging.INFO, "camera front is back")
    log.log.flush()
    assert len(log.lines) == 1
    log.clock.seconds += 10
    log.log.flush()
    log.log.flush()
    assert log.lines[1:] == ["camera front is back (2 times in 10 s)"]


def test_lines_that_differ_in_numbers_alone_are_repeats(log: Logged) -> None:
    for number in range(5):
        log.log.log(logging.WARNING, f"no picture for {number}.5 s at 0x7f{number}a")
    assert len(log.lines) == 1
    log.log.log(logging.WARNING, "something else")
    assert log.lines[1:] == ["something else"]


def test_a_line_that_was_not_logged_for_hours_is_new(log: Logged) -> None:
    for _ in range(1000):
        log.log.log(logging.WARNING, "no answer")
        log.clock.seconds += 1
    log.clock.seconds += 3 * 3600
    log.log.log(logging.WARNING, "no answer")
    assert log.lines[-1] == "no answer"


@pytest.mark.slow
@pytest.mark.parametrize("period", [0.25, 1.0, 30.0])
def test_a_day_of_failures_takes_less_than_a_megabyte(period: float, log: Logged) -> None:
    """A camera that comes and goes, with reasons that differ each time."""
    words = [f"{first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
    attempt = 0
    end = log.clock.seconds + DAY_SECONDS
    while log.clock.seconds < end:
        reason = words[attempt % len(words)] * 20
        log.log.log(logging.WARNING, f"camera front offline: http://192.168.1.30/: {reason}")
        log.log.log(logging.INFO, "camera front is back")
        attempt += 1
        log.clock.seconds += period
    assert log.size < 1_000_000
    assert len(log.lines) > BURST_LINES


def test_what_is_remembered_is_bounded(log: Logged) -> None:
    for number in range(3 * MAX_KINDS):
        log.log.log(logging.WARNING, "x" * number)
    assert len(log.log._kinds) == MAX_KINDS
