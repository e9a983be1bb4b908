"""Clips: the frames of any time, of one recording or several, as one file."""

from pathlib import Path

import msgspec

from framebus.recordings.clip import CLUSTER_BYTES, clip
from framebus.recordings.folder import RecordedFrame, RecordingFolder
from framebus.recordings.segment_reader import SegmentReader
from framebus.recordings.timeline import Segment
from tests.framebus.recordings.segments import STARTED, header, jpeg, store

SECOND = [0, 500, 1000, 1500]
UID = bytes(range(16))


def read(file: Path, pieces: list[bytes]) -> tuple[SegmentReader, list[int], list[bytes]]:
    """The open clip, the times of its frames, and their pictures."""
    file.write_bytes(b"".join(pieces))
    reader = SegmentReader(file)
    frames = list(reader.frames())
    return reader, [frame.ms for frame in frames], [reader.jpeg(frame) for frame in frames]


def test_it_has_the_frames_of_a_time_across_segments_and_their_pauses(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    store(tmp_path, STARTED + 100, SECOND)
    frames = RecordingFolder(tmp_path).frames("front", STARTED + 1, STARTED + 100.5)

    reader, times, pictures = read(tmp_path / "clip.mkv", list(clip(frames, "front", UID, "framebus test")))

    with reader:
        assert times == [0, 500, 99000, 99500]
        assert pictures == [jpeg(2), jpeg(3), jpeg(0), jpeg(1)]
        assert [reader.header(frame) for frame in reader.frames()][:2] == [header(1000), header(1500)]
        info = reader.info
        assert (info.camera, info.started, info.boot, info.reason) == ("front", round(STARTED + 1, 6), "", "clip")
        assert reader.is_complete


def test_headers_keep_the_keys_of_later_versions(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, [0])
    stored = msgspec.json.encode(header(0))
    later = stored.replace(b'"source":"testcard"', b'"source":"te","x":1')
    assert len(later) == len(stored)
    path.write_bytes(path.read_bytes().replace(stored, later))

    frames = RecordingFolder(tmp_path).frames("front", STARTED)
    reader, _, _ = read(tmp_path / "clip.mkv", list(clip(frames, "front", UID, "framebus test")))

    with reader:
        assert [reader.header_json(frame) for frame in reader.frames()] == [later]


def test_without_a_frame_there_is_no_file() -> None:
    assert list(clip([], "front", UID, "framebus test")) == []


def frame(ms: int, picture: bytes) -> RecordedFrame:
    path = Path("2026-01-01/00-00-00.123Z.mkv")
    segment = Segment(path=path, start=STARTED, begin=STARTED, end=STARTED + 60, bytes=0, made=0.0)
    return RecordedFrame(header(ms), picture, STARTED + ms / 1000, segment)


def test_a_piece_is_no_larger_than_a_cluster_and_frames_are_read_one_after_another() -> None:
    taken = 0

    def frames() -> list[RecordedFrame]:
        return [frame(10 * number, bytes(CLUSTER_BYTES // 2)) for number in range(8)]

    def counted() -> object:
        nonlocal taken
        for each in frames():
            taken += 1
            yield each

    pieces = clip(counted(), "front", UID, "framebus test")  # type: ignore[arg-type]
    next(pieces)
    assert taken == 1
    assert len(next(pieces)) < CLUSTER_BYTES * 1.1
    assert taken == 3
    assert all(len(piece) < CLUSTER_BYTES * 1.1 for piece in pieces)


def test_a_clock_that_ran_backwards_does_not_disorder_the_times(tmp_path: Path) -> None:
    pieces = list(clip([frame(500, jpeg(1)), frame(400, jpeg(2)), frame(900, jpeg(3))], "front", UID, "framebus test"))
    reader, times, _ = read(tmp_path / "clip.mkv", pieces)
    with reader:
        assert times == [0, 0, 400]
