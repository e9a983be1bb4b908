"""Parameters of requests for recordings, and names of downloads."""

import math
import re
import time
from collections.abc import Iterator

import pytest

from gateway.http.moment import ALLOWED
from gateway.http.recordings_query import Period, clip_period, download_name, listed_period, longest_gap, wants
from gateway.net.errors import HttpError


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_list_covers_all_unless_it_is_told_less() -> None:
    assert listed_period({}) == Period(0.0, math.inf)
    assert listed_period({"from": "1.5", "to": "2"}) == Period(1.5, 2.0)
    assert [wants(query, "files") for query in ({}, {"files": ""}, {"files": "1"}, {"files": "0"})] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"from": "yesterday"}, 'from: found "yesterday"; allowed: ' + ALLOWED),
        ({"to": "nan"}, 'to: found "nan"; allowed: ' + ALLOWED),
        ({"to": "inf"}, 'to: found "inf"; allowed: ' + ALLOWED),
        ({"from": "-1"}, 'from: found "-1"; allowed: ' + ALLOWED),
        ({"from": "1e30"}, 'from: found "1e30"; allowed: ' + ALLOWED),
        ({"from": "20", "to": "10"}, "to: found 10, before from (20); allowed: a later time"),
    ],
)
def test_a_mistake_is_named(query: dict[str, str], text: str) -> None:
    with pytest.raises(HttpError) as raised:
        listed_period(query)
    assert (raised.value.status_code, raised.value.message) == (400, text)


@pytest.mark.parametrize(("text", "seconds"), [(None, 3.0), ("", 3.0), ("0", 0.0), ("600.5", 600.5), ("86400", 86400)])
def test_pauses_that_do_not_end_a_span(text: str | None, seconds: float) -> None:
    assert longest_gap({} if text is None else {"gap": text}) == seconds


@pytest.mark.parametrize("text", ["-1", "86401", "nan", "long"])
def test_a_pause_that_is_not_allowed(text: str) -> None:
    with pytest.raises(HttpError) as raised:
        longest_gap({"gap": text})
    assert raised.value.message == f'gap: found "{text}"; allowed: seconds, from 0 to 86400'


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"to": "10"}, "from: found nothing; allowed: " + ALLOWED),
        ({"from": "10"}, "to: found nothing; allowed: " + ALLOWED),
        ({"from": "0", "to": "3600.5"}, "from and to: found 3600.5 seconds; allowed: at most 3600"),
    ],
)
def test_a_clip_has_both_ends_and_a_limit(query: dict[str, str], text: str) -> None:
    with pytest.raises(HttpError) as raised:
        clip_period(query)
    assert (raised.value.status_code, raised.value.message) == (400, text)
    assert clip_period({"from": "0", "to": "3600"}) == Period(0.0, 3600.0)


@pytest.mark.usefixtures("berlin")
def test_a_download_is_named_by_its_local_time() -> None:
    assert download_name("front", 1767225600.25, 59.95) == "front_2026-01-01_01-00-00+0100_60s.mkv"
    assert download_name("front", 1782864000.0, None) == "front_2026-07-01_02-00-00+0200.mkv"


@pytest.mark.parametrize("begin", [0.0, 32_503_680_000.0, 1e300])
def test_no_time_makes_a_name_that_breaks_a_header(begin: float) -> None:
    assert re.fullmatch(r"front_[0-9_+-]+_1s\.mkv", download_name("front", begin, 1.0))
