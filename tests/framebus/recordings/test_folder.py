"""The folder of recordings: what is found in it, by time, without an index."""

import os
from pathlib import Path

import pytest

from framebus.recordings.folder import MAX_OPEN, RecordingFolder
from framebus.recordings.segment_name import SegmentName
from tests.framebus.recordings.segments import STARTED, header, jpeg, segment, store

SECOND = [0, 500, 1000, 1500]


def moments(found: RecordingFolder, begin: float, end: float = float("inf")) -> list[int]:
    """Milliseconds since STARTED of the frames between two moments."""
    return [round((frame.at - STARTED) * 1000) for frame in found.frames("front", begin, end)]


def test_a_folder_that_is_not_there_has_no_cameras(tmp_path: Path) -> None:
    found = RecordingFolder(tmp_path / "none")

    assert found.cameras() == []
    assert found.segments("front") == []
    assert found.frame_at("front", STARTED) is None


def test_frames_are_found_by_time_across_segments(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    store(tmp_path, STARTED + 2, SECOND)
    found = RecordingFolder(tmp_path)

    assert moments(found, STARTED) == [0, 500, 1000, 1500, 2000, 2500, 3000, 3500]
    assert moments(found, STARTED + 1, STARTED + 2.5) == [1000, 1500, 2000, 2500]
    frame = found.frame_at("front", STARTED + 1.7)
    assert frame is not None
    assert (frame.header, frame.jpeg) == (header(1500), jpeg(3))
    for next_one, at in [(found.frame_after("front", frame.at), 2.0), (found.frame_before("front", frame.at), 1.0)]:
        assert next_one is not None
        assert next_one.at == pytest.approx(STARTED + at, abs=0.002)
    assert found.frame_before("front", STARTED) is None
    assert found.frame_after("front", STARTED + 3.5) is None


def test_frames_are_found_across_days(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86400 + 86400
    store(tmp_path, STARTED, SECOND)
    for begin in (midnight - 86400 * 3, midnight - 1.0, midnight + 86400 * 5):
        store(tmp_path, begin, SECOND)
    found = RecordingFolder(tmp_path)

    def step(at: float) -> list[float]:
        """How far the frames before and after a moment are from it."""
        around = (found.frame_before("front", at), found.frame_after("front", at))
        return [round(frame.at - at, 3) if frame else 0.0 for frame in around]

    assert step(midnight) == [-0.5, 0.5]  # the frame at midnight itself lies in the file of the day before
    assert step(midnight + 86400) == [-86399.5, 86400 * 4]
    assert step(midnight + 86400 * 5) == [-86400 * 5 + 0.5, 0.5]
    assert step(midnight - 86400 * 3) == [0.0, 0.5]
    assert step(midnight + 86400 * 9) == [-86400 * 4 + 1.5, 0.0]
    assert len(list(found.frames("front", 0.0))) == 16


def test_spans_have_gaps_where_nothing_was_recorded(tmp_path: Path) -> None:
    sizes = [store(tmp_path, STARTED + begin, SECOND).stat().st_size for begin in (0, 2, 60)]

    found = RecordingFolder(tmp_path).spans("front")

    begin = int(STARTED * 1000) / 1000
    assert [(round(span.begin - begin, 3), round(span.end - begin, 3)) for span in found] == [(0, 3.5), (60, 61.5)]
    assert [(span.bytes, span.keep) for span in found] == [(sizes[0] + sizes[1], False), (sizes[2], False)]


def test_files_that_are_copied_in_renamed_and_deleted_are_noticed(tmp_path: Path) -> None:
    found = RecordingFolder(tmp_path)
    first = store(tmp_path, STARTED, SECOND)
    assert len(found.segments("front")) == 1
    second = store(tmp_path, STARTED + 10, SECOND)
    assert len(found.segments("front")) == 2
    first.rename(first.with_name(first.name.replace(".mkv", "_keep.mkv")))
    assert [segment.keep for segment in found.segments("front")] == [True, False]
    second.unlink()
    assert [segment.keep for segment in found.segments("front")] == [True]


def test_a_day_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, SECOND)
    found = RecordingFolder(tmp_path, now=lambda: path.parent.stat().st_mtime + 10)
    assert len(found.segments("front")) == 1
    times = path.parent.stat()

    path.unlink()
    os.utime(path.parent, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert len(found.segments("front")) == 1


def test_a_segment_that_is_being_written_grows(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, SECOND, ended=False)
    found = RecordingFolder(tmp_path)
    (segment,) = found.segments("front")
    assert (segment.is_open, round(segment.end - segment.begin, 3)) == (True, 1.5)

    longer = store(tmp_path, STARTED, [*SECOND, 2500], ended=False)

    assert longer == path
    (segment,) = found.segments("front")
    assert round(segment.end - segment.begin, 3) == 2.5


def test_after_a_clock_that_went_back_there_is_one_frame_for_each_moment(tmp_path: Path) -> None:
    first = store(tmp_path, STARTED, SECOND)
    os.utime(first, (1, 1))
    store(tmp_path, STARTED + 0.75, [0, 500])

    assert moments(RecordingFolder(tmp_path), STARTED) == [0, 500, 750, 1250, 1500]


def test_a_segment_whose_name_was_corrected_moves_its_frames(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, SECOND)
    path.rename(path.with_name("00-10-00.123Z_1.500s.mkv"))

    (first, *_) = RecordingFolder(tmp_path).frames("front", 0.0)

    assert first.at == pytest.approx(STARTED + 600, abs=0.001)
    assert first.header.captured == STARTED


@pytest.mark.parametrize("content", [b"", b"no segment", b"\x1a\x45\xdf\xa3"])
def test_files_that_are_no_segments_are_passed_over(tmp_path: Path, content: bytes) -> None:
    store(tmp_path, STARTED, SECOND)
    day = tmp_path / "front" / "2026-01-01"
    (day / "00-00-00.900Z.mkv").write_bytes(content)
    (day / "00-00-01.000Z_5.000s.mkv").write_bytes(content)
    (day / "notes.txt").write_bytes(content)
    os.utime(day / "00-00-01.000Z_5.000s.mkv", (1, 1))

    assert moments(RecordingFolder(tmp_path), STARTED) == [0, 500, 1000, 1500]


def test_what_is_named_like_a_segment_and_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """To open a pipe would wait for ever."""
    file = store(tmp_path, STARTED, SECOND)
    os.mkfifo(file.with_name("00-00-10.000Z.mkv"))
    file.with_name("00-00-20.000Z_1.000s.mkv").mkdir()

    assert [segment.path for segment in RecordingFolder(tmp_path).stored("front")] == [file]


def test_a_link_with_the_name_of_a_segment_is_none(tmp_path: Path) -> None:
    elsewhere = store(tmp_path / "elsewhere", STARTED, SECOND)
    day = tmp_path / "recordings" / "front" / elsewhere.parent.name
    day.mkdir(parents=True)
    (day / elsewhere.name).symlink_to(elsewhere)
    assert RecordingFolder(tmp_path / "recordings").segments("front") == []


def test_the_last_frame_is_found_from_its_own_moment(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    assert moments(RecordingFolder(tmp_path), STARTED + 1.5) == [1500]


def test_a_file_that_was_exchanged_under_its_name_is_read_anew(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, list(range(0, 5000, 250)))
    found = RecordingFolder(tmp_path)
    assert found.frame_at("front", STARTED + 3.5) is not None
    later = path.with_name("later")
    later.write_bytes(segment([0, 1500, 3100, 4750]))  # its clusters are at other places
    later.replace(path)
    frame = found.frame_before("front", STARTED + 4)
    assert frame is not None
    assert frame.at == pytest.approx(STARTED + 3.1, abs=0.002)


def test_files_that_did_not_change_are_noticed_to_be_gone(tmp_path: Path) -> None:
    paths = [store(tmp_path, STARTED + number * 10, SECOND) for number in range(3)]
    for path in paths:
        os.utime(path, (STARTED, STARTED))
    found = RecordingFolder(tmp_path)
    assert len(found.segments("front")) == 3
    paths[1].unlink()
    assert [segment.path for segment in found.segments("front")] == [paths[0], paths[2]]


def test_a_recording_of_the_day_before_hides_one_after_midnight(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86400 + 86400
    hidden = store(tmp_path, midnight + 1.0, [0, 250])
    os.utime(hidden, (STARTED, STARTED))
    store(tmp_path, midnight - 1.0, [0, 1000, 2900, 5000])
    found = RecordingFolder(tmp_path)
    assert [round(frame.at - midnight, 2) for frame in found.frames("front", midnight - 10)] == [-1, 0, 1.9, 4]
    frame = found.frame_before("front", midnight + 1.5)
    assert frame is not None
    assert frame.at == pytest.approx(midnight, abs=0.002)


def test_a_recording_of_the_day_after_hides_one_before_midnight(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86400 + 86400
    hidden = store(tmp_path, midnight - 1.0, [0, 1000, 2900, 5000])
    os.utime(hidden, (STARTED, STARTED))
    store(tmp_path, midnight + 1.0, [0, 250, 5000])
    found = RecordingFolder(tmp_path)
    assert [round(frame.at - midnight, 2) for frame in found.frames("front", midnight - 10)] == [-1, 0, 1, 1.25, 6]
    assert [round(frame.at - midnight, 2) for frame in found.frames("front", midnight - 10, midnight - 0.1)] == [-1]


def test_the_gaps_between_two_moments(tmp_path: Path) -> None:
    for begin in (0.0, 2.0, 60.0):
        store(tmp_path, STARTED + begin, SECOND)
    found = RecordingFolder(tmp_path)

    def gaps(begin: float, end: float) -> list[tuple[float, float]]:
        between = found.gaps("front", STARTED + begin, STARTED + end)
        return [(round(begin - STARTED, 2), round(end - STARTED, 2)) for begin, end in between]

    assert gaps(0.5, 61) == [(3.5, 60)]
    assert gaps(0.5, 3) == []
    assert gaps(-50, 100) == [(-50, 0), (3.5, 60), (61.5, 100)]


@pytest.mark.medium
def test_a_moment_is_found_without_reading_all_of_its_day_as_with_it(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86400 + 86400
    for number in set(range(60)) - {9, 30, 31, 45}:  # overlaps, gaps, and files that were written in another order
        path = store(tmp_path, midnight - 1800 + number * 61.5, [0, 250, 30_000, 59_000 + 200 * (number % 20)])
        os.utime(path, (STARTED, STARTED + number * 7 % 11))
    listed, asked = RecordingFolder(tmp_path), RecordingFolder(tmp_path)
    assert len(listed.spans("front")) > 1
    for at in range(-1900, 2100, 53):
        moment = midnight + at + 0.5
        for find in ("frame_before", "frame_after"):
            limit = {"since": moment - 250} if find == "frame_before" else {"until": moment + 250}
            one, other = (getattr(folder, find)("front", moment, **limit) for folder in (listed, asked))
            assert one == other, (find, at)
        assert asked.is_recorded("front", moment, moment + 100) == bool(listed.segments("front", moment, moment + 100))
    assert asked._days == {}


def test_what_is_known_of_a_part_of_a_day_follows_its_files(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    found = RecordingFolder(tmp_path, now=lambda: STARTED + 1e9)  # long after the last change

    def newest() -> float:
        frame = found.frame_before("front", STARTED + 60)
        assert frame is not None
        return round(frame.at - STARTED, 3)

    for ended in (False, False, True):
        path = store(tmp_path, STARTED + 10, [0, 500], ended=ended)
        assert newest() == 10.5
        path.unlink()
        assert newest() == 1.5
    for times in ([0], [0, 2000]):
        store(tmp_path, STARTED + 10, times, ended=False)
        assert newest() == 10 + times[-1] / 1000


def test_the_oldest_recording_is_found_by_its_name(tmp_path: Path) -> None:
    found = RecordingFolder(tmp_path)
    assert found.oldest("front") is None
    store(tmp_path, STARTED + 100, SECOND)
    oldest = store(tmp_path, STARTED + 50, SECOND)
    (oldest.parent / "00-00-00.000Z_1.000s.mkv").symlink_to(oldest)
    (oldest.parent / "00-00-00.000Z_2.000s.mkv").mkdir()
    assert found.oldest("front") == pytest.approx(STARTED + 50, abs=0.002)


def test_days_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    """The recorder knows its folder for as long as it runs: for years."""
    found = RecordingFolder(tmp_path)
    for day in range(3):
        path = store(tmp_path, STARTED + day * 86400, SECOND)
        assert len(found.stored("front")) == 1
        assert len(found.spans("front", sizes=False)) == 1
        path.unlink()
        path.parent.rmdir()
    assert found.stored("front") == []
    assert found.spans("front", sizes=False) == []
    assert (found._days, found._named._days) == ({}, {})


def test_segments_that_are_no_longer_written_are_forgotten(tmp_path: Path) -> None:
    found = RecordingFolder(tmp_path)
    for number in range(MAX_OPEN + 2):
        store(tmp_path, STARTED + 60 * number, SECOND, ended=False)
    assert len(found.stored("front")) == MAX_OPEN + 2
    assert len(found._open) == MAX_OPEN


@pytest.mark.medium
def test_over_a_gap_no_day_is_read_as_a_whole(tmp_path: Path) -> None:
    midnight = STARTED - STARTED % 86400 + 86400
    begins = [midnight + 86400 * day + 50_000 + 40 * number for day in (0, 1, 9) for number in range(30)]
    late = [midnight + 86400 * 2 - 1.0, midnight + 86400 * 9 - 600.0]  # one reaches beyond midnight
    for begin in (*begins, *late):
        store(tmp_path, begin, [0, 500, 20_000])
    (damaged,) = tmp_path.glob(f"front/*/{SegmentName(int(late[1] * 1000) / 1000, 20.0).path.name}")
    damaged.write_bytes(b"no segment")
    listed, asked = RecordingFolder(tmp_path), RecordingFolder(tmp_path)
    every = [frame.at for frame in listed.frames("front", 0.0)]
    for at in (midnight + 86400 * 5.5, every[89] + 301, every[-1] + 86400, every[0] - 86400, midnight + 86400 * 9):
        before, after = asked.frame_before("front", at), asked.frame_after("front", at)
        assert (before and before.at) == max((one for one in every if one < at), default=None)
        assert (after and after.at) == min((one for one in every if one > at), default=None)
    gaps = asked.gaps("front", every[0], every[-1])
    assert gaps == listed.gaps("front", every[0], every[-1])
    assert len(gaps) == 29 * 3 + 4
    assert asked._days == {}
