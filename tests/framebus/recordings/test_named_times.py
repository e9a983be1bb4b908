"""The spans by names alone are those by all that is known of the files."""

import os
import random
from pathlib import Path

import msgspec
import pytest

from framebus.recordings.folder import RecordingFolder
from framebus.recordings.segment_name import SegmentName
from framebus.recordings.timeline import Span
from tests.framebus.recordings.segments import STARTED, store

MIDNIGHT = 1767225600.0 + 86400


def touch(folder: Path, start: float, seconds: float | None, keep: bool = False, made: float = 1.0) -> Path:
    path = folder / "front" / SegmentName(start, seconds, keep).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (made, made))
    return path


def by_names(folder: RecordingFolder, *times: float) -> list[Span]:
    return folder.spans("front", *times, sizes=False)


def by_files(folder: RecordingFolder, *times: float) -> list[Span]:
    return [msgspec.structs.replace(span, bytes=0) for span in folder.spans("front", *times)]


@pytest.mark.parametrize("seed", range(20))
def test_overlaps_gaps_and_marks_are_the_same(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    at = MIDNIGHT - 600
    for _ in range(60):
        at += chance.choice((60, 60, 60, 59.998, 63, 64, 0.5, -30, -130))
        start, seconds = round(at, 3), chance.choice((60.0, 60.0, 60.001, 0.0, 200.0))
        touch(tmp_path, start, seconds, chance.random() < 0.2, chance.randrange(1000))
    folder = RecordingFolder(tmp_path)
    assert by_names(folder) == by_files(folder)
    some = (MIDNIGHT - 300, MIDNIGHT + 300)
    assert by_names(folder, *some) == by_files(folder, *some)


def test_no_file_is_looked_at_whose_name_says_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(tmp_path, STARTED, [0, 1500])
    store(tmp_path, STARTED + 60, [0, 1500], keep=True)
    folder = RecordingFolder(tmp_path)
    expected = by_files(folder)

    def refuse(path: Path) -> None:
        pytest.fail(f"{path} was looked at")

    monkeypatch.setattr(Path, "lstat", refuse)
    assert by_names(folder) == expected
    assert len(expected) == 2


def test_an_open_segment_grows_and_others_are_noticed(tmp_path: Path) -> None:
    folder = RecordingFolder(tmp_path)
    assert by_names(folder) == []
    store(tmp_path, STARTED, [0, 500, 1500], ended=False)
    (span,) = by_names(folder)
    assert round(span.end - span.begin, 3) == 1.5
    store(tmp_path, STARTED, [0, 500, 1500, 2500], ended=False)
    (span,) = by_names(folder)
    assert round(span.end - span.begin, 3) == 2.5
    path = touch(tmp_path, STARTED + 60, 1.0)
    assert len(by_names(folder)) == 2
    path.unlink()
    assert len(by_names(folder)) == 1


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    path = touch(tmp_path, MIDNIGHT, 60.0)
    os.mkfifo(path.with_name(SegmentName(MIDNIGHT + 100, 60.0).path.name))
    path.with_name(SegmentName(MIDNIGHT + 200, 60.0).path.name).symlink_to(path)
    path.with_name("notes.txt").touch()
    assert [(span.begin, span.end) for span in by_names(RecordingFolder(tmp_path))] == [(MIDNIGHT, MIDNIGHT + 60)]
