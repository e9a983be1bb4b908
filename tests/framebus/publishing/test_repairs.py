"""Repairs are counted each time and logged once."""

from collections import Counter

import pytest

from framebus.publishing.repairs import Repairs, described


def test_each_kind_is_logged_once_and_counted_always(caplog: pytest.LogCaptureFixture) -> None:
    repairs = Repairs()
    for _ in range(3):
        repairs.note("http://cam/v", ("missing end of image added",))
    repairs.note("http://cam/v", Counter({"stray bytes between segments removed": 2}))
    assert [record.message for record in caplog.records] == [
        "http://cam/v: its pictures are not as they should be: missing end of image added; said only once",
        "http://cam/v: its pictures are not as they should be: stray bytes between segments removed; said only once",
    ]
    assert described(repairs.total) == (
        "missing end of image added (3 times), stray bytes between segments removed (2 times)"
    )


def test_without_repairs_there_is_nothing_to_say() -> None:
    assert described({}) == ""
