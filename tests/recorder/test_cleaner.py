"""The folder is kept in order: room is made, names are corrected, and marks are set."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from framebus.recordings.segment_writer import SegmentWriter
from framebus.runtime import host_clock
from framebus.runtime.host_clock import host_monotonic
from recorder.cleaner import Cleaner, Mark
from recorder.disk import Disk
from recorder.retention import DAY_SECONDS, Limits
from tests.framebus.recordings.segments import STARTED, jpeg, start_at, store
from tests.framebus.recordings.test_event_folder import note
from tests.processes import wait_until

HUGE = 1e15
ROOMY = Limits(HUGE, HUGE, 0)
SECOND = [0, 500, 1500]
Make = Callable[..., Cleaner]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.mkv"))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Cleaner] = []

    def cleaner(
        limits: Limits = ROOMY,
        busy: set[Path] | None = None,
        boot: str = "this boot",
        slept: float = 0.0,
        settle_seconds: float = 0.0,
    ) -> Cleaner:
        wanted = threading.Event()
        made.append(
            Cleaner(
                *(Disk(tmp_path, 0), limits, boot, wanted, lambda: busy or set()),
                suspended=lambda: slept,
                settle_seconds=settle_seconds,
            )
        )
        return made[-1]

    yield cleaner
    for one in made:
        one.close()


def test_what_a_killed_recorder_left_is_ended(tmp_path: Path, make: Make) -> None:
    store(tmp_path, STARTED, SECOND, ended=False)
    writing = store(tmp_path, STARTED + 10, SECOND, ended=False)
    (tmp_path / "front" / "2026-01-01" / "00-00-20.000Z.mkv").write_bytes(b"")
    make(busy={writing})

    wait_until(
        lambda: names(tmp_path) == ["00-00-00.123Z_1.500s.mkv", "00-00-10.123Z.mkv"], "what was left open is ended"
    )


def test_it_says_what_it_holds(tmp_path: Path, make: Make) -> None:
    first = store(tmp_path, STARTED, SECOND)
    second = store(tmp_path, STARTED + 10, SECOND, keep=True)
    cleaner = make()
    wait_until(lambda: cleaner.holding.segments == 2, "it has looked")

    assert cleaner.holding.bytes == first.stat().st_size + second.stat().st_size
    assert cleaner.holding.kept_bytes == second.stat().st_size
    assert cleaner.holding.oldest == pytest.approx(STARTED, abs=0.001)
    assert cleaner.holding.free_bytes


def test_the_oldest_are_deleted_and_their_days_with_them(
    tmp_path: Path, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = time.time()
    old = store(tmp_path, now - 40 * 86400, SECOND)
    kept = store(tmp_path, now - 39 * 86400, SECOND, keep=True)
    new = store(tmp_path, now - 3600, SECOND)
    cleaner = make(Limits(14 * 86400, HUGE, 0))
    wait_until(lambda: cleaner.deleted.total() == 1 and "deleted" in caplog.text, "one is deleted")

    assert not old.parent.exists()
    assert kept.exists()
    assert new.exists()
    assert cleaner.deleted == {"keep_days": 1}
    assert "deleted 0.000 GB in 1 segments (1 for keep_days); holds 0.000 GB in 2, the oldest of " in caplog.text


class FullOfFiles(Disk):
    """Takes one file more for each that is deleted, of twenty."""

    def free_files(self) -> float:
        return 20 - len(names(self.folder))


def test_the_oldest_make_room_where_the_disk_takes_no_more_files(tmp_path: Path) -> None:
    paths = [store(tmp_path, STARTED + 10 * number, SECOND) for number in range(20)]
    cleaner = Cleaner(FullOfFiles(tmp_path, 0), ROOMY, "this boot", threading.Event(), set)
    wait_until(lambda: cleaner.deleted == {"leave_free_gb": 2}, "room is made")
    cleaner.close()
    assert names(tmp_path) == [path.name for path in paths[2:]]


class NeverEmptier(Disk):
    """As with a snapshot or a recycle bin: whatever is deleted, nothing becomes free."""

    def free_bytes(self) -> int:
        return 1000


@pytest.mark.medium
def test_where_deleting_makes_no_room_not_all_is_deleted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = [store(tmp_path, STARTED + 10 * number, SECOND) for number in range(12)]
    for path in paths:
        os.truncate(path, 2_000_000)
    limits = Limits(HUGE, HUGE, leave_free_bytes=1_000_000)
    cleaner = Cleaner(NeverEmptier(tmp_path, 0), limits, "this boot", threading.Event(), set, interval_seconds=0.05)
    wait_until(lambda: "times that deleting has made no room" in caplog.text, "it says so")
    looked = cleaner.holding
    wait_until(lambda: cleaner.holding is not looked, "it has looked again")
    cleaner.close()
    assert names(tmp_path) == [path.name for path in paths[2:]]


def test_it_says_when_what_is_kept_takes_all(tmp_path: Path, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    store(tmp_path, STARTED, SECOND, keep=True)
    make(Limits(HUGE, 1, 0))

    wait_until(
        lambda: "what is marked to be kept takes 0.00 GB, more than keep_gb" in caplog.text, "the log has a warning"
    )
    assert len(names(tmp_path)) == 1


@pytest.mark.medium
def test_marks_are_set_and_taken_away(tmp_path: Path, make: Make) -> None:
    for begin in (0, 10, 20):
        store(tmp_path, STARTED + begin, SECOND)
    cleaner = make()
    cleaner.mark(Mark("front", STARTED + 11, STARTED + 15, True))
    marked = ["00-00-00.123Z_1.500s.mkv", "00-00-10.123Z_1.500s_keep.mkv", "00-00-20.123Z_1.500s.mkv"]
    wait_until(lambda: names(tmp_path) == marked, "the second one is marked")

    cleaner.mark(Mark("front", 0, STARTED + 100, False))
    wait_until(lambda: not any("keep" in name for name in names(tmp_path)), "none is marked")


@pytest.mark.medium
def test_after_the_clock_was_set_the_names_of_this_boot_are_right(tmp_path: Path, make: Make) -> None:
    """A machine without a battery for its clock: it has started with the time at which it was switched off."""
    began = host_monotonic() - 100
    day = tmp_path / "front" / "1970-01-01"
    day.mkdir(parents=True)
    for minute, monotonic in ((16, began), (17, began + 60)):
        writer = SegmentWriter(start_at(1000.0, monotonic))
        file = day / f"00-{minute}-40.000Z_1.500s_keep.mkv"
        file.write_bytes(writer.beginning() + writer.cluster([(0, b"{}", jpeg(0))]))
    other = store(tmp_path, STARTED, SECOND)
    other.write_bytes(other.read_bytes().replace(b"7d1f", b"0000"))
    make(boot="7d1f").clock_was_set()

    wait_until(lambda: not day.exists(), "the segments have other names")
    found = [segment for segment in RecordingFolder(tmp_path).stored("front") if segment.start > STARTED + 100]
    assert [segment.start for segment in found] == pytest.approx([time.time() - 100, time.time() - 40], abs=20)
    assert [segment.keep for segment in found] == [True, True]
    assert other.exists()


def store_of_this_boot(folder: Path, seconds_ago: float, day: str) -> Path:
    """A segment of this boot, "7d1f", which is named by a clock that was wrong."""
    file = folder / "front" / day / "00-16-40.000Z_1.500s.mkv"
    file.parent.mkdir(parents=True, exist_ok=True)
    writer = SegmentWriter(start_at(1000.0, host_monotonic() - seconds_ago))
    file.write_bytes(writer.beginning() + writer.cluster([(0, b"{}", jpeg(0))]))
    return file


def test_what_was_recorded_with_a_clock_that_was_wrong_is_not_deleted_as_old(tmp_path: Path, make: Make) -> None:
    """The cleaner may look at the folder before the recorder has noticed that the clock was set."""
    wrong = store_of_this_boot(tmp_path, 5, "1970-01-01")
    old = store(tmp_path, STARTED, SECOND)
    old.write_bytes(old.read_bytes().replace(b"7d1f", b"0000"))  # of an earlier boot
    cleaner = make(Limits(14 * 86400, HUGE, 0), boot="7d1f")

    wait_until(lambda: not wrong.exists() and not old.exists(), "both have been looked at")
    (found,) = RecordingFolder(tmp_path).stored("front")
    assert time.time() - found.start < 300
    wait_until(lambda: cleaner.deleted == {"keep_days": 1}, "the old one is counted")


def test_a_clock_that_was_just_set_deletes_nothing_as_old(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be ahead until the network sets it right, as at a boot."""
    old = store(tmp_path, STARTED, SECOND)
    cleaner = make(Limits(14 * 86400, HUGE, 0), settle_seconds=3600)
    wait_until(lambda: cleaner.holding.segments == 1, "it has looked")
    cleaner.close()  # from now on, it looks when it is called
    assert old.exists(), "just after a start"

    cleaner._clock_settles_at = 0.0
    offset = host_clock.wall_clock_offset()
    monkeypatch.setattr("recorder.cleaner.wall_clock_offset", lambda: offset + 10)
    cleaner.check()
    assert old.exists(), "the clock was set"

    cleaner._clock_settles_at = 0.0
    cleaner.check()
    assert not old.exists()


def test_a_machine_that_has_slept_renames_nothing_of_the_time_before(tmp_path: Path, make: Make) -> None:
    """Its monotonic clock stood still meanwhile, so that it does not tell when the recording was made."""
    before = store_of_this_boot(tmp_path, 5, "2026-01-01")
    cleaner = make(boot="7d1f", slept=3600.0)
    wait_until(lambda: cleaner.holding.segments == 1, "it has looked")
    cleaner.correct_names()

    assert before.exists()


def test_a_segment_that_cannot_be_deleted_keeps_no_other_one(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as one that root has copied into the folder."""
    now = time.time()
    of_root, old = (store(tmp_path, now - days * 86400, SECOND) for days in (40, 30))
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == of_root:  # as where the folder is not of this user
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    cleaner = make(Limits(14 * 86400, HUGE, 0))

    wait_until(lambda: not old.exists() and cleaner.holding.segments == 1, "the other one is deleted")
    assert of_root.exists()
    assert cleaner.deleted == {"keep_days": 1}
    assert f"segments that cannot be deleted (1 in all): {of_root}: Permission denied" in caplog.text


def test_events_go_with_the_recordings_of_their_day(tmp_path: Path, make: Make) -> None:
    now = time.time()
    old, recent = (note(tmp_path, now - days * DAY_SECONDS) for days in (9, 4))
    held = note(tmp_path, now - 2 * DAY_SECONDS)
    store(tmp_path, now - 9 * DAY_SECONDS, SECOND)
    store(tmp_path, now - 2 * DAY_SECONDS, SECOND)
    make(Limits(7 * DAY_SECONDS, HUGE, 0))

    wait_until(lambda: not old.parent.exists(), "the events of a day whose recordings are deleted are deleted")
    wait_until(lambda: not recent.parent.exists(), "so are those of a day before the oldest recording")
    assert held.exists()


def test_events_of_days_that_made_room_go_though_an_older_recording_is_kept(tmp_path: Path, make: Make) -> None:
    now = time.time()
    kept = note(tmp_path, now - 20 * DAY_SECONDS)
    gone, never_recorded, later = (note(tmp_path, now - days * DAY_SECONDS) for days in (10, 12, 6))
    segments = [store(tmp_path, now - 20 * DAY_SECONDS, SECOND, keep=True)]
    segments += [store(tmp_path, now - days * DAY_SECONDS, SECOND) for days in (10, 2)]
    room = sum(path.stat().st_size for path in segments) - 1
    cleaner = make(Limits(HUGE, room, 0))

    wait_until(lambda: not gone.parent.exists(), "the events of a day whose recordings made room are deleted")
    assert cleaner.deleted == {"keep_gb": 1}
    wait_until(lambda: not never_recorded.parent.exists(), "so are those of the days before it")
    assert kept.exists()
    assert later.exists()
