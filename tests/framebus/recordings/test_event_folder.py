"""The events in a folder of recordings."""

import os
from pathlib import Path

import msgspec
import pytest

from framebus.recordings.event_file import EVENTS_NAME, event_line
from framebus.recordings.event_folder import EventFolder
from framebus.recordings.segment_name import day_of
from tests.framebus.recordings.segments import STARTED
from tests.framebus.recordings.test_event_file import EVENT_STORED


def note(folder: Path, start: float, seconds: float | None = 5.0, id: str = "") -> Path:
    """Add an event of camera front; returns the file."""
    path = folder / "front" / day_of(start) / EVENTS_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    end = None if seconds is None else start + seconds
    event = msgspec.structs.replace(EVENT_STORED, id=id or f"at-{start}", start=start, end=end, seen=end or start)
    with path.open("ab") as file:
        file.write(event_line(event))
    return path


def starts(folder: EventFolder, begin: float = 0.0, end: float = float("inf")) -> list[float]:
    return [round(event.start - STARTED, 3) for event in folder.events("front", begin, end)]


def test_without_a_folder_there_are_no_events(tmp_path: Path) -> None:
    assert starts(EventFolder(tmp_path / "none")) == []
    assert EventFolder(tmp_path).events("../front", 0.0, 1.0) == []


def test_events_are_found_by_time_across_days_and_as_they_come(tmp_path: Path) -> None:
    day = 86_400.0
    for start in (0.0, 10.0, day, -day):
        note(tmp_path, STARTED + start)
    found = EventFolder(tmp_path)
    assert starts(found) == [-day, 0, 10, day]
    assert starts(found, STARTED + 4, STARTED + 9) == [0]
    assert starts(found, STARTED + 12, STARTED + day) == [10, day]
    note(tmp_path, STARTED + 20)
    assert starts(found, STARTED, STARTED + 100) == [0, 10, 20]


def test_days_after_enough_events_are_not_read(tmp_path: Path) -> None:
    for start in (0.0, 10.0, 86_400.0, 2 * 86_400.0):
        note(tmp_path, STARTED + start)
    found = EventFolder(tmp_path)
    for most, events in ((0, 2), (1, 2), (2, 3), (3, 4), (4, 4)):
        assert len(found.events("front", 0.0, float("inf"), most)) == events


def test_so_many_events_are_remembered_and_no_more(tmp_path: Path) -> None:
    for start in (0.0, 10.0, 86_400.0, 86_410.0, 2 * 86_400.0):
        note(tmp_path, STARTED + start)
    for most, days in ((5, 3), (4, 2), (3, 2), (2, 1), (0, 1)):
        found = EventFolder(tmp_path, max_remembered=most)
        assert len(starts(found)) == 5
        assert len(found._days) == days


def test_an_event_over_midnight_is_found_in_the_day_after(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86_400 + 86_400
    note(tmp_path, midnight - 10, seconds=60)
    assert starts(EventFolder(tmp_path), midnight + 30, midnight + 40) == [round(midnight - 10 - STARTED, 3)]


def test_an_event_without_an_end_is_in_progress_for_a_while(tmp_path: Path) -> None:
    note(tmp_path, STARTED, seconds=None)
    for now, end in ((STARTED + 5, None), (STARTED + 100, STARTED)):
        (event,) = EventFolder(tmp_path, iter([now]).__next__).events("front", 0.0, STARTED + 1000)
        assert event.end == end


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "private"])
def test_what_is_no_file_is_passed_over(tmp_path: Path, kind: str) -> None:
    note(tmp_path, STARTED + 86_400)
    secret = note(tmp_path / "elsewhere", STARTED)
    path = tmp_path / "front" / day_of(STARTED) / EVENTS_NAME
    path.parent.mkdir(parents=True)
    match kind:
        case "link":
            path.symlink_to(secret)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.write_bytes(b"\0" * 100)
    assert starts(EventFolder(tmp_path)) == [86_400]
