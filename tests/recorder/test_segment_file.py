"""Segments on the disk: what a kill or a power cut leaves, names, and files that vanish."""

import errno
import os
from pathlib import Path

import pytest

from framebus.recordings.segment_name import SegmentName
from framebus.recordings.segment_reader import SegmentReader
from recorder.incoming_frame import IncomingFrame
from recorder.segment_file import SegmentFile, SegmentGone
from tests.framebus.recordings.segments import MONOTONIC, STARTED
from tests.recorder.frames import frame, frames

GAP = 3.0


def new(folder: Path, first: IncomingFrame | None = None) -> SegmentFile:
    return SegmentFile(folder, first or frame(0), "always", "boot")


def stored(path: Path) -> list[int]:
    with SegmentReader(path) as reader:
        return [one.ms for one in reader.frames()]


def test_a_segment_is_readable_after_each_write_and_named_at_its_end(tmp_path: Path) -> None:
    segment = new(tmp_path)
    segment.write(frames(0, 500, 900))
    path = segment.path
    assert path == tmp_path / "2026-01-01" / "00-00-00.123Z.mkv"
    assert stored(path) == [0, 500, 900]
    segment.write(frames(1000, 1900))
    assert stored(path) == [0, 500, 900, 1000, 1900]
    segment.end()

    assert not path.exists()
    assert segment.path.name == "00-00-00.123Z_1.900s.mkv"
    with SegmentReader(segment.path) as reader:
        assert reader.is_complete
        assert (reader.info.boot, reader.info.reason, reader.info.monotonic) == ("boot", "always", MONOTONIC)
        assert reader.info.started == STARTED
        assert [reader.header(one) for one in reader.frames()] == [
            one.header for one in frames(0, 500, 900, 1000, 1900)
        ]


def test_its_length_reaches_to_the_frame_that_continues_it(tmp_path: Path) -> None:
    segment = new(tmp_path)
    segment.write(frames(0, 500))
    segment.end(MONOTONIC + 0.75, keep=True)

    assert segment.path.name == "00-00-00.123Z_0.750s_keep.mkv"


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        (frame(600), True),
        (frame(3500), True),
        (frame(3501), False),
        (frame(499), False),
        (frame(600, width=64), False),
        (frame(600, orientation=6), False),
        (frame(600, jumped=0.5), True),
        (frame(600, jumped=-3600), False),
        (frame(600, jumped=1.5), False),
    ],
)
def test_which_frames_continue_it(tmp_path: Path, following: IncomingFrame, expected: bool) -> None:
    segment = new(tmp_path)
    segment.write(frames(0, 500))

    assert segment.takes(following, GAP) == expected
    segment.close()


def test_after_a_minute_another_one_begins(tmp_path: Path) -> None:
    segment = new(tmp_path)
    segment.write(frames(0, 58_000))

    assert segment.takes(frame(59_999), GAP)
    assert not segment.takes(frame(60_000), GAP)
    segment.close()


def test_two_segments_of_the_same_moment_have_two_names(tmp_path: Path) -> None:
    paths = []
    for _ in range(2):
        segment = new(tmp_path)
        segment.write(frames(0))
        paths.append(segment.path.name)
        segment.close()

    assert paths == ["00-00-00.123Z.mkv", "00-00-00.124Z.mkv"]


@pytest.mark.parametrize("removal", ["file", "folder"])
def test_a_file_that_was_deleted_is_noticed(tmp_path: Path, removal: str) -> None:
    segment = new(tmp_path)
    segment.write(frames(0))
    segment.path.unlink()
    if removal == "folder":
        segment.path.parent.rmdir()

    with pytest.raises(SegmentGone):
        segment.write(frames(1000))
    segment.end()
    assert list(tmp_path.rglob("*.mkv")) == []


class Journal:
    """What is surely on the disk after each call: what was written before the last fdatasync of the file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: list[bytes] = []
        self._written = b""
        self._surely = b""
        write, fdatasync, fsync = os.write, os.fdatasync, os.fsync
        self.folder_syncs = 0

        def written(descriptor: int, data: bytes) -> int:
            self._written += bytes(data)
            self.states.append(self._surely)
            return write(descriptor, data)

        def synced(descriptor: int) -> None:
            fdatasync(descriptor)
            self._surely = self._written
            self.states.append(self._surely)

        def folder_synced(descriptor: int) -> None:
            fsync(descriptor)
            self.folder_syncs += 1

        monkeypatch.setattr(os, "write", written)
        monkeypatch.setattr(os, "fdatasync", synced)
        monkeypatch.setattr(os, "fsync", folder_synced)


def test_a_power_cut_at_any_call_costs_one_piece_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may lose whatever was not synchronized: only ever what one `write` was about."""
    journal = Journal(monkeypatch)
    segment = new(tmp_path)
    pieces = [frames(0, 500, 900), frames(1000, 1900), frames(2000)]
    handed = []
    for piece in pieces:
        segment.write(piece)
        handed.append(len(journal.states))
    segment.end()
    assert journal.folder_syncs == 4  # three names before the first frame, and the last one of the file

    cut = tmp_path / "cut.mkv"
    for number, state in enumerate(journal.states):
        complete = sum(number + 1 >= calls for calls in handed)
        cut.write_bytes(state)
        found = stored(cut) if state else []
        assert found == [0, 500, 900, 1000, 1900, 2000][: sum(len(piece) for piece in pieces[:complete])]


def test_what_could_not_be_written_completely_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = new(tmp_path)
    segment.write(frames(0, 500))
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", refused)
        return write(descriptor, data[:100])

    def refused(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        segment.write(frames(1000))
    segment.close()

    assert stored(segment.path) == [0, 500]
    assert SegmentName.parse("2026-01-01", segment.path.name) is not None
    assert segment.path.read_bytes()[-2:] != b"\xff\xd9"  # it ends with the header of a frame, not within a picture


def test_a_disk_that_takes_names_and_no_data_gets_no_empty_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one with a quota: the recorder tries each second, for weeks."""

    def refused(_descriptor: int, _data: bytes) -> int:
        raise OSError(122, "Disk quota exceeded")

    monkeypatch.setattr(os, "write", refused)
    segment = new(tmp_path)
    with pytest.raises(OSError, match="Disk quota exceeded"):
        segment.write(frames(0, 500))
    segment.close()

    assert list(tmp_path.rglob("*.mkv")) == []


def test_it_is_written_on_a_file_system_that_cannot_sync_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as some network file systems."""

    def folder_synced(_descriptor: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", folder_synced)
    segment = new(tmp_path)
    segment.write(frames(0))
    segment.end()

    (file,) = tmp_path.rglob("*.mkv")
    assert stored(file) == [0]
