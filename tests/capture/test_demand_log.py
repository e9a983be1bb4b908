"""What is logged of viewers who come and go is bounded, and says how much was left out."""

import logging

import pytest

from capture.demand_log import BURST_LINES, SECONDS_PER_LINE, DemandLog

DAY_SECONDS = 86400
DAY_LOG_BYTES = 100_000


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_changes_are_logged_as_they_come(caplog: pytest.LogCaptureFixture) -> None:
    log = DemandLog(logging.getLogger("framebus"), "front", Clock())
    with caplog.at_level(logging.INFO):
        log.changed(True, 30)
        log.changed(False, 0.5)
    assert caplog.messages == ["camera front is watched: 30 fps", "camera front is idle: 0.5 fps"]


def test_the_next_line_says_how_many_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = DemandLog(logging.getLogger("framebus"), "front", clock)
    with caplog.at_level(logging.INFO):
        for _ in range(BURST_LINES + 7):
            log.changed(True, 30)
        assert len(caplog.messages) == BURST_LINES
        clock.seconds += SECONDS_PER_LINE
        log.changed(False, 1)
        log.changed(True, 30)
        clock.seconds += SECONDS_PER_LINE
        log.changed(False, 1)
    assert caplog.messages[BURST_LINES:] == [
        "camera front is idle: 1 fps (after 7 changes that are not logged)",
        "camera front is idle: 1 fps (after 1 changes that are not logged)",
    ]


def test_a_program_that_comes_every_ten_seconds_logs_little_in_a_day(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = DemandLog(logging.getLogger("framebus"), "a" * 32, clock)
    with caplog.at_level(logging.INFO):
        for _ in range(DAY_SECONDS // 10):
            log.changed(True, 30)
            clock.seconds += 5
            log.changed(False, 1)
            clock.seconds += 5
    before_the_text = len("2026-11-29 08:31:06.689 INFO capture-: \n") + 32
    assert sum(len(line) + before_the_text for line in caplog.messages) < DAY_LOG_BYTES
