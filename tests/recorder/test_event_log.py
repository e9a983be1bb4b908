"""Events are written beside the recordings, whatever the disk does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from framebus.protocol.events import MAX_OPEN_EVENTS, EventHeader
from framebus.recordings.event_file import EVENTS_NAME, MAX_EVENTS_BYTES, StoredEvent
from framebus.recordings.event_folder import EventFolder
from framebus.runtime.host_clock import host_monotonic
from recorder.disk import Disk
from recorder.event_log import MAX_WAITING, EventLog
from tests.framebus.golden.make import EVENT
from tests.processes import DEADLINE_SECONDS, wait_until

MADE = 1_767_225_600.0
DAY = "2026-01-01"
Make = Callable[..., EventLog]


def message(phase: str, seconds: float, id: str = "a-1", camera: str = "front") -> EventHeader:
    values = {"phase": phase, "seconds": seconds, "captured": MADE + seconds, "id": id, "camera": camera}
    return msgspec.structs.replace(EVENT, **values)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[EventLog] = []

    def log(mount_point: Path | None = None) -> EventLog:
        made.append(EventLog(Disk(tmp_path, 0, mount_point)))
        return made[-1]

    yield log
    for one in made:
        one.close(DEADLINE_SECONDS)


def stored(folder: Path, camera: str = "front") -> list[StoredEvent]:
    return EventFolder(folder, now=lambda: MADE).events(camera, 0.0, float("inf"))


def lines(folder: Path) -> int:
    return (folder / "front" / DAY / EVENTS_NAME).read_bytes().count(b"\n")


def test_an_event_is_stored_from_its_start_to_its_end(tmp_path: Path, make: Make) -> None:
    log = make()
    log.note(message("start", 0.0))
    wait_until(lambda: stored(tmp_path), "the start is written")
    assert stored(tmp_path)[0].end is None
    for seconds in range(1, 25):
        log.note(message("update", float(seconds)))
    log.note(message("end", 25.0))
    log.close(DEADLINE_SECONDS)
    (event,) = stored(tmp_path)
    assert (event.start, event.end) == (MADE, MADE + 25)
    assert lines(tmp_path) == 4  # not one for each second


def test_an_event_of_another_machine_whose_clock_is_days_off_has_our_time(tmp_path: Path, make: Make) -> None:
    log = make()
    before = time.time()
    log.note(message("start", 0.0), is_here=False)
    log.close(DEADLINE_SECONDS)
    (event,) = EventFolder(tmp_path).events("front", 0.0, float("inf"))
    assert before <= event.start + 0.001
    assert event.start <= time.time()


def test_a_line_that_a_power_cut_left_damages_no_other(tmp_path: Path, make: Make) -> None:
    file = tmp_path / "front" / DAY / EVENTS_NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"id":"a-0","type":"mo')
    log = make()
    log.note(message("start", 0.0))
    log.note(message("end", 1.0))
    log.close(DEADLINE_SECONDS)
    assert [event.id for event in stored(tmp_path)] == ["a-1"]


def test_events_wait_while_the_disk_takes_nothing(tmp_path: Path, make: Make) -> None:
    blocked = tmp_path / "front"
    blocked.write_bytes(b"no folder")
    log = make()
    log.note(message("start", 0.0))
    log.note(message("end", 1.0))
    log.note(message("start", 0.0, "b-1", "back"))
    wait_until(lambda: stored(tmp_path, "back"), "other cameras are written")
    assert log.losses.total["writes of events that failed"] >= 1
    blocked.unlink()
    wait_until(lambda: stored(tmp_path) and stored(tmp_path)[0].end == MADE + 1, "the event is written afterwards")


def test_a_camera_whose_folder_takes_nothing_delays_no_other(tmp_path: Path, make: Make) -> None:
    (tmp_path / "front").write_bytes(b"no folder")
    log = make()
    for number in range(100):
        log.note(message("start", 0.0, f"a-{number}"))
    log.note(message("start", 0.0, "b-1", "back"))
    wait_until(lambda: stored(tmp_path, "back"), "other cameras are written")
    (tmp_path / "front").unlink()
    wait_until(lambda: len(stored(tmp_path)) == 100, "no event is lost")


def test_an_event_is_written_again_where_the_clock_is_set_back(tmp_path: Path, make: Make) -> None:
    log = make()
    log.note(message("start", 0.0))
    log.note(msgspec.structs.replace(message("update", 1.0), captured=MADE - 3600))
    log.close(DEADLINE_SECONDS)
    assert (tmp_path / "front" / "2025-12-31" / EVENTS_NAME).exists()


@pytest.mark.parametrize("wrong_by", [-90_000.0, -600.0, 600.0, 90_000.0])
def test_events_that_have_ended_are_corrected_when_the_clock_is_set(
    tmp_path: Path, make: Make, wrong_by: float
) -> None:
    log = make()
    began = round(time.time() - 100, 6)
    monotonic = host_monotonic() - time.time() + began
    for phase, seconds in (("start", 0.0), ("end", 5.0)):
        changes = {"captured": began + wrong_by + seconds, "monotonic": monotonic + seconds}
        log.note(msgspec.structs.replace(message(phase, seconds), **changes))
    elsewhere = {"captured": began + wrong_by, "monotonic": monotonic}
    for phase in ("start", "end"):
        far = msgspec.structs.replace(message(phase, 0.0, "b-1", "back"), **elsewhere)
        log.note(far, is_here=False)
    log.correct_times()
    log.correct_times()
    log.close(DEADLINE_SECONDS)
    folder = EventFolder(tmp_path)
    (event,) = folder.events("front", 0.0, float("inf"))
    assert event.end is not None
    # Each of the two clocks is read after the other, and a busy machine may pause between.
    assert (abs(event.start - began) < 5, abs(event.end - began - 5) < 5) == (True, True)
    assert folder.events("front", began + wrong_by - 60, began + wrong_by + 60) == []
    assert folder.events("back", 0.0, float("inf"))[0].start == began + wrong_by, "it has another clock"


def test_nothing_is_written_where_nothing_is_mounted(tmp_path: Path, make: Make) -> None:
    log = make(tmp_path / "stick")
    log.note(message("start", 0.0))
    wait_until(lambda: log.losses.total["writes of events that failed"], "the write fails")
    assert stored(tmp_path) == []


def test_a_file_has_a_limit(tmp_path: Path, make: Make) -> None:
    file = tmp_path / "front" / DAY / EVENTS_NAME
    file.parent.mkdir(parents=True)
    file.touch()
    with file.open("r+b") as opened:
        opened.truncate(MAX_EVENTS_BYTES)
    log = make()
    log.note(message("start", 0.0))
    log.close(DEADLINE_SECONDS)
    assert file.stat().st_size == MAX_EVENTS_BYTES
    assert log.losses.total["events not written"] == 1


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path, make: Make) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    file = tmp_path / "front" / DAY / EVENTS_NAME
    file.parent.mkdir(parents=True)
    file.symlink_to(outside)
    log = make()
    log.note(message("start", 0.0))
    wait_until(lambda: log.losses.total["writes of events that failed"], "the write fails")
    assert outside.stat().st_size == 0


def test_no_more_events_are_held_than_may_begin_and_wait(tmp_path: Path, make: Make) -> None:
    (tmp_path / "front").write_bytes(b"no folder")
    log = make()
    for number in range(2 * MAX_OPEN_EVENTS + MAX_WAITING + 10):
        log.note(message("start", 0.0, f"a-{number}"))
    assert len(log._open) == 2 * MAX_OPEN_EVENTS
    assert len(log._waiting) <= MAX_WAITING
    assert log.losses.total["events not written"] > 0
