"""A moment in a sentence: a time of day, or the words for a time that the calendar cannot express."""

import math
import time
from collections.abc import Iterator

import pytest

from framebus.runtime.time_of_day import time_of_day


@pytest.fixture
def timezone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Lets a test set TZ; the time zone of the machine is in force again afterwards."""
    with monkeypatch.context() as changed:
        yield changed
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "seconds", "text"),
    [
        ("UTC", 0, "00:00:00"),
        ("UTC", 86399.999, "23:59:59"),
        ("UTC", 50590, "14:03:10"),
        ("UTC", -1, "23:59:59"),
        ("UTC", 32_503_680_000, "00:00:00"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1767225600, "01:00:00"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1782864000, "02:00:00"),
    ],
)
def test_a_time_is_shown_in_local_time(zone: str, seconds: float, text: str, timezone: pytest.MonkeyPatch) -> None:
    timezone.setenv("TZ", zone)
    time.tzset()

    assert time_of_day(seconds) == text


@pytest.mark.parametrize("seconds", [1e300, -1e300, 1e18, -1e18, 2**63, 2**200, math.inf, -math.inf, math.nan])
def test_a_time_outside_the_calendar_is_unknown(seconds: float) -> None:
    assert time_of_day(seconds) == "an unknown time"
