"""The writer: segments that follow one another, disks that fail and come back, and memory that stays bounded."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from recorder.disk import Disk, DiskError
from recorder.disk_writer import Batch, DiskWriter, read_boot_id
from recorder.incoming_frame import IncomingFrame
from tests.framebus.recordings.segments import STARTED
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.frames import frame, frames

BUFFER_BYTES = 10_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def writer(folder: Path) -> Iterator[DiskWriter]:
    made = DiskWriter(Disk(folder, 0), BUFFER_BYTES)
    yield made
    made.close(DEADLINE_SECONDS)


def batch(found: list[IncomingFrame], gap_seconds: float = 3.0) -> Batch:
    return Batch("front", found, "always", gap_seconds, "boot")


def recorded(folder: Path) -> list[int]:
    """The times of all frames that are found, in ms from the first."""
    return [round((one.at - STARTED) * 1000) for one in RecordingFolder(folder).frames("front", 0)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.mkv"))


def wait_written(writer: DiskWriter, amount: int) -> None:
    wait_until(lambda: writer.counts["front"].frames == amount, f"{amount} frames are written")


def test_batches_of_a_minute_make_a_segment(writer: DiskWriter, folder: Path) -> None:
    expected = list(range(0, 130_000, 500))
    for begin in range(0, len(expected), 2):
        writer.put(batch(frames(*expected[begin : begin + 2])))
    writer.close(DEADLINE_SECONDS)

    assert recorded(folder) == expected
    assert names(folder) == ["00-00-00.123Z_60.000s.mkv", "00-01-00.123Z_60.000s.mkv", "00-02-00.123Z_9.500s.mkv"]
    assert writer.counts["front"].frames == len(expected)
    assert writer.counts["front"].bytes == pytest.approx(
        sum(path.stat().st_size for path in folder.rglob("*.mkv")), rel=0.05
    )


def test_a_pre_roll_of_a_minute_is_one_batch(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch(frames(*range(0, 70_000, 100))))
    writer.close(DEADLINE_SECONDS)

    assert recorded(folder) == list(range(0, 70_000, 100))


def test_a_pause_ends_the_segment(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch(frames(0, 500)))
    writer.put(batch(frames(10_000)))
    writer.put(batch([]))
    writer.close(DEADLINE_SECONDS)

    assert names(folder) == ["00-00-00.123Z_0.500s.mkv", "00-00-10.123Z_0.000s.mkv"]


def test_a_clock_that_is_set_ends_the_segment(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch([frame(0), frame(500), frame(1000, jumped=-3600), frame(1500, jumped=-3600)]))
    writer.close(DEADLINE_SECONDS)

    assert names(folder) == ["00-00-00.123Z_1.000s.mkv", "23-00-01.123Z_0.500s.mkv"]


@pytest.mark.slow
def test_a_segment_without_frames_is_ended(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch(frames(0, 500), gap_seconds=0.6))

    wait_until(lambda: names(folder) == ["00-00-00.123Z_0.500s.mkv"], "the segment is ended")
    wait_until(lambda: not writer.open_paths, "nothing is being written")


def test_a_segment_is_marked_while_it_is_written(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch(frames(0, 500)))
    wait_written(writer, 2)
    assert writer.is_writing("front", STARTED - 10, STARTED + 10)
    assert not writer.is_writing("front", STARTED - 10, STARTED - 1)
    assert not writer.is_writing("back", STARTED - 10, STARTED + 10)
    writer.mark("front", True)
    writer.close(DEADLINE_SECONDS)

    assert names(folder) == ["00-00-00.123Z_0.500s_keep.mkv"]


@pytest.mark.slow
def test_it_records_again_when_the_folder_can_be_written_to_again(writer: DiskWriter, folder: Path) -> None:
    folder.touch()  # a file where the folder should be
    writer.put(batch(frames(0)))
    wait_until(lambda: writer.counts["front"].reason, "the failure is noticed")
    assert writer.counts["front"].reason == f"cannot write to {folder}: File exists"
    assert writer.counts["front"].dropped == 1

    folder.unlink()
    sent = iter(range(1000, 60_000, 10))
    wait_until(lambda: writer.put(batch(frames(next(sent)))) and not writer.counts["front"].reason, "it records again")
    writer.close(DEADLINE_SECONDS)
    assert recorded(folder)


@pytest.mark.slow
def test_a_folder_that_is_removed_is_made_again(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch(frames(0, 500)))
    wait_written(writer, 2)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    writer.put(batch(frames(1000, 1500)))
    writer.close(DEADLINE_SECONDS)

    assert recorded(folder) == [1000, 1500]
    assert writer.counts["front"].reason == ""


def test_a_camera_whose_folder_cannot_be_written_to_costs_no_other_one(writer: DiskWriter, folder: Path) -> None:
    folder.mkdir()
    (folder / "back").touch()
    for ms in range(0, 2000, 500):
        writer.put(Batch("back", frames(ms), "always", 3.0, "boot"))
        writer.put(batch(frames(ms)))
    writer.close(DEADLINE_SECONDS)

    assert recorded(folder) == [0, 500, 1000, 1500]
    assert (writer.counts["front"].dropped, writer.counts["front"].reason) == (0, "")
    assert writer.counts["back"].dropped == 4
    assert writer.counts["back"].reason.startswith(f"cannot write to {folder}/back")


def test_recordings_of_another_machine_whose_clock_is_days_off_have_our_times(writer: DiskWriter, folder: Path) -> None:
    writer.put(Batch("front", frames(0, 500, 1500), "always", 3.0, boot=""))
    wait_written(writer, 3)
    now = time.time()
    writer.close(DEADLINE_SECONDS)
    found = [one.at for one in RecordingFolder(folder).frames("front", 0)]
    assert [round(at - found[0], 2) for at in found] == [0, 0.5, 1.5]
    assert now - DEADLINE_SECONDS < found[-1] <= now + 0.001


class FaultyDisk(Disk):
    """A disk with a fault of this program."""

    def check(self, wanted_bytes: int, first_device: int | None = None) -> int:
        if wanted_bytes > 5000:
            raise ValueError("a fault")
        return super().check(wanted_bytes, first_device)


def test_a_fault_costs_the_batch_and_not_the_thread(folder: Path) -> None:
    writer = DiskWriter(FaultyDisk(folder, 0), BUFFER_BYTES)
    writer.put(Batch("back", frames(*range(0, 9000, 100)), "always", 3.0, "boot"))
    writer.put(batch(frames(0, 500)))
    writer.close(DEADLINE_SECONDS)

    assert recorded(folder) == [0, 500]
    assert (writer.counts["back"].dropped, writer.counts["back"].reason) == (90, "ValueError: a fault")
    assert writer.waiting_bytes == 0


def test_a_clock_that_says_the_year_3000_is_recorded(writer: DiskWriter, folder: Path) -> None:
    writer.put(batch([frame(0, jumped=30_000_000_000), frame(500, jumped=30_000_000_000)]))
    writer.close(DEADLINE_SECONDS)

    assert len(recorded(folder)) == 2


def test_a_segment_is_left_alone_from_before_its_file_is_made_until_it_has_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow disk the cleaner looks at the folder while the first frames are written, and while the end is."""
    busy: list[bool] = []
    fdatasync = os.fdatasync

    def synced(descriptor: int) -> None:
        busy.append(made.open_paths == set(folder.rglob("*.mkv")))
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", synced)
    made = DiskWriter(Disk(folder, 0), BUFFER_BYTES)
    made.put(batch(frames(0, 500)))
    made.close(DEADLINE_SECONDS)

    assert busy == [True, True]
    assert made.open_paths == set()


class SlowDisk(Disk):
    """A disk that hangs until it is let go: no disk of this machine can be made to."""

    hangs: threading.Event
    free: threading.Event

    def __init__(self, folder: Path, leave_free_bytes: int) -> None:
        super().__init__(folder, leave_free_bytes)
        object.__setattr__(self, "hangs", threading.Event())
        object.__setattr__(self, "free", threading.Event())

    def check(self, wanted_bytes: int, first_device: int | None = None) -> int:
        self.hangs.set()
        assert self.free.wait(DEADLINE_SECONDS)
        return super().check(wanted_bytes, first_device)


def test_a_disk_that_hangs_delays_nobody_and_takes_a_bounded_memory(folder: Path) -> None:
    disk = SlowDisk(folder, 0)
    size = frame(0).size
    writer = DiskWriter(disk, 10 * size)
    writer.put(batch(frames(0)))
    assert disk.hangs.wait(DEADLINE_SECONDS)

    taken = [writer.put(batch(frames(ms))) for ms in range(100, 2100, 100)]

    assert taken == [True] * 8 + [False] * 12 or taken == [True] * 9 + [False] * 11
    assert writer.waiting_bytes <= 10 * size
    assert writer.counts["front"].dropped == taken.count(False)
    disk.free.set()
    writer.close(DEADLINE_SECONDS)
    assert len(recorded(folder)) == 1 + taken.count(True)
    assert writer.waiting_bytes == 0


def test_a_pre_roll_larger_than_the_buffer_is_taken_while_others_are_recorded(folder: Path) -> None:
    disk = SlowDisk(folder, 0)
    size = frame(0).size
    made = DiskWriter(disk, 10 * size)
    made.put(Batch("back", frames(0), "always", 3.0, "boot"))
    assert disk.hangs.wait(DEADLINE_SECONDS)

    assert made.put(batch(frames(*range(0, 2000, 100))))
    assert not made.put(batch(frames(2000)))
    disk.free.set()
    made.close(DEADLINE_SECONDS)
    assert len(recorded(folder)) == 20


class FullDisk(Disk):
    """A disk without room."""

    def check(self, wanted_bytes: int, first_device: int | None = None) -> int:
        raise DiskError("it is full")


def test_space_is_asked_for(folder: Path) -> None:
    writer = DiskWriter(FullDisk(folder, 0), BUFFER_BYTES)
    writer.put(batch(frames(0, 100)))

    assert writer.space_wanted.wait(DEADLINE_SECONDS)
    writer.close(DEADLINE_SECONDS)
    assert (writer.counts["front"].reason, writer.counts["front"].dropped) == ("it is full", 2)


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_is_used_again_when_it_has_room(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], check=True)
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(240_000))
        writer = DiskWriter(Disk(tmp_path / "recordings", 0), BUFFER_BYTES)
        sent = iter(range(0, 600_000, 100))
        wait_until(lambda: writer.put(batch(frames(next(sent)))) and writer.counts["front"].reason, "the disk is full")
        assert writer.space_wanted.is_set()
        ballast.unlink()
        wait_until(
            lambda: writer.put(batch(frames(next(sent)))) and not writer.counts["front"].reason, "it records again"
        )
        writer.close(DEADLINE_SECONDS)
        assert len(recorded(tmp_path / "recordings")) >= 1
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_the_boot_has_an_id(tmp_path: Path) -> None:
    assert len(read_boot_id()) == 16
    assert read_boot_id(tmp_path / "none") == "unknown"


def test_the_frames_before_a_motion_take_the_place_of_those_that_were_recorded_always(
    writer: DiskWriter, folder: Path
) -> None:
    writer.put(batch(frames(0, 1000, 2000, 3000)))
    wait_written(writer, 4)
    writer.put(batch(frames(1500, 1750, 2000, 2250, 2500, 2750, 3000, 3250)))
    writer.put(batch(frames(3500, 4500)))
    wait_written(writer, 14)
    expected = [0, 1000, 1500, 1750, 2000, 2250, 2500, 2750, 3000, 3250, 3500, 4500]
    assert recorded(folder) == expected  # while it is written
    writer.close(DEADLINE_SECONDS)
    assert recorded(folder) == expected
    assert len(names(folder)) == 2
