"""Ranges of bytes, as RFC 9110 section 14 has them."""

import pytest

from gateway.http.byte_range import UnsatisfiableRangeError, byte_range, is_current


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=-500", (500, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=900-", (900, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99999", (0, 1000)),
        ("Bytes= 10-19 ", (10, 20)),
    ],
)
def test_a_range(header: str, expected: tuple[int, int]) -> None:
    assert byte_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,5-6", "lines=0-1", "bytes=1-2x", "bytes=--1"],
)
def test_what_is_no_single_range_means_the_whole_file(header: str | None) -> None:
    assert byte_range(header, 1000) is None


@pytest.mark.parametrize(
    ("header", "length"), [("bytes=1000-", 1000), ("bytes=2000-3000", 1000), ("bytes=-0", 1000), ("bytes=0-", 0)]
)
def test_a_range_without_a_byte_is_unsatisfiable(header: str, length: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        byte_range(header, length)


def test_if_range_has_to_name_this_state() -> None:
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert is_current(None, '"a"', date)
    assert is_current('"a"', '"a"', date)
    assert is_current(date, '"a"', date)
    assert not is_current('W/"a"', '"a"', date)
    assert not is_current('"b"', '"a"', date)
