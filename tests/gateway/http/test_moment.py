"""Moments in requests."""

import pytest

from gateway.http.moment import moment
from gateway.net.errors import HttpError

NOON = 1795953600.0
"""2026-11-29, 12:00:00 UTC."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1795953600", NOON),
        (" 1795953600.25 ", NOON + 0.25),
        ("2026-11-29T12:00:00Z", NOON),
        ("2026-11-29T12:00:00+01:00", NOON - 3600),
        ("2026-11-29T12:00:00 01:00", NOON - 3600),
        ("2026-11-29T12:00:00.500 0100", NOON - 3599.5),
        ("2026-11-29T12:00-0330", NOON + 12600),
        ("20261129T120000Z", NOON),
        ("2026-11-29t12:00:00z", NOON),
        ("0", 0.0),
    ],
)
def test_a_moment(text: str, seconds: float) -> None:
    assert moment("from", text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "noon", "nan", "inf", "-1", "1e99", "2026-11-29", "2026-11-29T12:00:00", "1969-12-31T23:59:59Z", "9" * 5000],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(HttpError) as caught:
        moment("from", text)
    assert caught.value.message.endswith(
        "; allowed: Unix seconds, or a time with its offset such as 2026-11-29T13:00:00+01:00, up to the year 3000"
    )
    assert len(caught.value.message) < 200
