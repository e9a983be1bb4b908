"""What of Tornado's log lines is counted and what is logged."""

import logging
from collections.abc import Iterator

import pytest

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.http.log_filters import MAX_LOGGED, TRACEBACK_SECONDS, LogFilters, without_content
from tests.clock import Clock

GENERAL = logging.getLogger("tornado.general")
APPLICATION = logging.getLogger("tornado.application")


@pytest.fixture
def losses() -> RateLimitedLog:
    return RateLimitedLog(logging.getLogger("gateway"))


@pytest.fixture
def clock(losses: RateLimitedLog) -> Iterator[Clock]:
    clock = Clock()
    filters = LogFilters(losses, clock)
    filters.install()
    yield clock
    filters.remove()


@pytest.mark.parametrize(
    ("message", "without"),
    [
        ("Malformed HTTP message from 1.2.3.4: Malformed HTTP headers", None),
        ("Invalid Content-Length b'secret' of x", "Invalid Content-Length"),
        ('Invalid header "secret"', "Invalid header"),
        ("Uncaught exception GET /snapshot?token=secret (1.2.3.4)", "Uncaught exception GET /snapshot?… (1.2.3.4)"),
        ("a?b=1 c?d=2", "a?… c?…"),
        ("'all of it'", ""),
        ("", ""),
    ],
)
def test_what_a_client_sent_is_left_out(message: str, without: str | None) -> None:
    assert without_content(message) == (message if without is None else without)


@pytest.mark.usefixtures("clock")
def test_a_malformed_request_is_counted_and_not_logged_by_tornado(
    losses: RateLimitedLog, caplog: pytest.LogCaptureFixture
) -> None:
    GENERAL.warning("Malformed HTTP message from %s: %s", "1.2.3.4", "x" * 500 + " 'secret'")
    assert losses.total["malformed requests"] == 1
    (record,) = caplog.records
    assert record.name == "gateway"
    detail = record.getMessage().removeprefix("1 malformed requests (1 in all): ")
    assert detail.startswith("Malformed HTTP message from 1.2.3.4: xxx")
    assert len(detail) == MAX_LOGGED


def test_a_traceback_is_logged_once_a_second(
    clock: Clock, losses: RateLimitedLog, caplog: pytest.LogCaptureFixture
) -> None:
    for seconds in (0.0, 0.5, TRACEBACK_SECONDS - 0.001, TRACEBACK_SECONDS, TRACEBACK_SECONDS + 0.5):
        clock.seconds = 100.0 + seconds
        APPLICATION.error("failed at %s", seconds)
    logged = [record.getMessage() for record in caplog.records if record.name == "tornado.application"]
    assert logged == ["failed at 0.0", "failed at 1.0"]
    assert losses.total["requests failed"] == 5


def test_after_removal_tornado_logs_as_before(losses: RateLimitedLog, caplog: pytest.LogCaptureFixture) -> None:
    filters = LogFilters(losses)
    filters.install()
    filters.remove()
    GENERAL.warning("one")
    assert [record.getMessage() for record in caplog.records] == ["one"]
    assert not losses.total
