"""Names of segments: what they say, and what is no name of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.recordings.segment_name import SegmentName, day_begins, day_of

START = 1767225603.25


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (SegmentName(START), "2026-01-01/00-00-03.250Z.mkv"),
        (SegmentName(START, 59.95), "2026-01-01/00-00-03.250Z_59.950s.mkv"),
        (SegmentName(START, 59.95, keep=True), "2026-01-01/00-00-03.250Z_59.950s_keep.mkv"),
        (SegmentName(START, keep=True), "2026-01-01/00-00-03.250Z_keep.mkv"),
        (SegmentName(4102444799.999, 0.0), "2099-12-31/23-59-59.999Z_0.000s.mkv"),
    ],
)
def test_a_name_is_written_and_read(name: SegmentName, path: str) -> None:
    day, file = path.split("/")

    assert str(name.path) == path
    assert SegmentName.parse(day, file) == name


@pytest.mark.parametrize(
    ("day", "file"),
    [
        ("2026-01-01", "00-00-03.250Z.mp4"),
        ("2026-01-01", "00-00-03Z.mkv"),
        ("2026-01-01", "24-00-00.000Z.mkv"),
        ("2026-01-01", "00-60-00.000Z.mkv"),
        ("2026-01-01", ".00-00-03.250Z.mkv"),
        ("2026-01-01", "00-00-03.250Z_1s.mkv"),
        ("2026-02-30", "00-00-03.250Z.mkv"),
        ("2026-1-1", "00-00-03.250Z.mkv"),
        ("2026-01-01\n", "00-00-03.250Z.mkv"),
        ("٢٠٢٦-01-01", "00-00-03.250Z.mkv"),
        ("lost+found", "00-00-03.250Z.mkv"),
    ],
)
def test_other_files_are_none(day: str, file: str) -> None:
    assert SegmentName.parse(day, file) is None


@given(st.integers(0, 4102444799999), st.none() | st.integers(0, 3_600_000), st.booleans())
def test_every_name_is_read_back(start_ms: int, length_ms: int | None, keep: bool) -> None:
    name = SegmentName(start_ms / 1000, None if length_ms is None else length_ms / 1000, keep)

    assert SegmentName.parse(name.path.parent.name, name.path.name) == name


def test_a_segment_ends_and_is_kept() -> None:
    assert SegmentName(START).ended(60.0).kept(True) == SegmentName(START, 60.0, keep=True)


def test_days_are_those_of_utc() -> None:
    assert day_of(START) == "2026-01-01"
    assert day_begins("2026-01-01") == 1767225600
    assert day_begins("front") is None
