"""The folder of a day: all of its segments, those of a time, and the first one."""

from pathlib import Path

import pytest

from framebus.recordings.day_folder import all_segments, changed_ns, first_start, names_in, some_segments
from tests.framebus.recordings.segments import STARTED, store

HOUR = 3600.0


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A day with a segment of a minute at 0:00, 0:30, 2:00 and 23:59, an open one at 0:45, and others that are none."""
    for start in (0.0, 1800.0, 2 * HOUR, 23 * HOUR + 3540):
        store(tmp_path, STARTED + start, [0, 60_000])
    day = store(tmp_path, STARTED + 2700, [0], ended=False).parent
    (day / "00-00-00.000Z_1.000s.mkv").symlink_to(day / "01-00-00.000Z.mkv")
    (day / "00-00-00.000Z_2.000s.mkv").mkdir()
    (day / "notes.txt").write_text("")
    return day


def starts(day: Path, begin: float, end: float, longest: float = HOUR) -> list[float]:
    found = some_segments(day, STARTED + begin, STARTED + end, longest)
    return sorted(round(segment.start - STARTED) for segment in found)


def test_all_segments_are_files_with_the_name_of_one(day: Path) -> None:
    found = {segment.path.name: segment for segment in all_segments(day, {})}
    assert sorted(round(segment.start - STARTED) for segment in found.values()) == [0, 1800, 2700, 7200, 86340]
    assert [segment.is_open for segment in found.values()].count(True) == 1
    again = {segment.path.name: segment for segment in all_segments(day, found)}
    assert all(again[name] is segment for name, segment in found.items())


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (30, 40, [0]),
        (59, 1801, [0, 1800]),
        (61, 1700, []),
        (1870, 2600, []),
        (1870, 2700, [2700]),  # the open one begins in it
        (3500, 3600, [2700]),  # it may go on until now
        (7300, 9000, []),  # but not for longer than an hour
        (-5000, 100_000, [0, 1800, 2700, 7200, 86340]),
    ],
)
def test_segments_of_a_time_touch_it(day: Path, begin: float, end: float, expected: list[float]) -> None:
    assert starts(day, begin, end) == expected


def test_the_first_one_is_the_first_file_with_the_name_of_one(day: Path) -> None:
    assert first_start(day) == pytest.approx(STARTED, abs=0.001)
    assert first_start(day / "none") is None


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert (names_in(tmp_path / "none"), changed_ns(tmp_path / "none")) == ([], 0)
    assert list(all_segments(tmp_path / "2026-01-01", {})) == []
    assert list(some_segments(tmp_path / "2026-01-01", 0.0, 1e12, HOUR)) == []
    assert changed_ns(tmp_path) == tmp_path.stat().st_mtime_ns
