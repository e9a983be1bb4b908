"""Reading a segment: by time, while it grows, cut at every byte, damaged, and as other programs rewrite it."""

import random
import subprocess
from pathlib import Path

import pytest

from framebus.recordings import ebml, matroska
from framebus.recordings.segment_beginning import SegmentError
from framebus.recordings.segment_reader import SegmentReader
from tests.framebus.recordings.segments import STARTED, header, jpeg, segment
from tests.programs import need

TIMES_MS = [0, 300, 900, 1000, 1500, 2500, 2600, 9000]


def read(path: Path) -> list[tuple[int, bytes]]:
    """Time and picture of every frame that is not damaged."""
    found = []
    with SegmentReader(path) as reader:
        for frame in reader.frames():
            try:
                found.append((frame.ms, reader.jpeg(frame)))
            except SegmentError:
                continue
    return found


ALL = [(ms, jpeg(number)) for number, ms in enumerate(TIMES_MS)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "segment.mkv"
    path.write_bytes(segment(TIMES_MS))
    return path


def test_every_frame_comes_back_with_its_header(file: Path) -> None:
    with SegmentReader(file) as reader:
        assert [reader.header(frame) for frame in reader.frames()] == [header(ms) for ms in TIMES_MS]
        assert reader.is_complete
        assert reader.last_ms() == 9000
    assert read(file) == ALL


def test_frames_are_found_by_time_in_both_directions(file: Path) -> None:
    with SegmentReader(file) as reader:
        before = [reader.at_or_before(ms) for ms in (-1, 0, 299, 999, 8999, 99999)]
        after = [reader.after(ms) for ms in (-1, 0, 999, 2600, 9000)]

    assert [found.ms if found else None for found in before] == [None, 0, 0, 900, 2600, 9000]
    assert [found.ms if found else None for found in after] == [0, 300, 1000, 9000, None]


@pytest.mark.slow
def test_a_segment_cut_at_any_byte_has_all_frames_before_the_cut(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    with SegmentReader(file) as reader:
        ends = [frame.offset + frame.size for frame in reader.frames()]
        begins = reader.info.clusters_begin
    cut = tmp_path / "cut.mkv"
    for length in range(begins, len(data)):
        cut.write_bytes(data[:length])
        assert read(cut) == [one for one, end in zip(ALL, ends, strict=True) if end <= length], length


def test_a_segment_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "segment.mkv"
    data = segment(TIMES_MS)
    second = data.index(ebml.id_bytes(matroska.CLUSTER), data.index(ebml.id_bytes(matroska.CLUSTER)) + 4)
    path.write_bytes(data[:second])
    with SegmentReader(path) as reader:
        assert (reader.last_ms(), reader.is_complete) == (900, False)
        with path.open("ab") as writer:
            writer.write(data[second:])
        assert (reader.last_ms(), reader.is_complete) == (9000, True)
        assert len(list(reader.frames())) == len(TIMES_MS)


def test_behind_a_damaged_place_it_continues_with_the_next_cluster(file: Path) -> None:
    data = bytearray(segment(TIMES_MS, ended=False))
    first = data.index(ebml.id_bytes(matroska.CLUSTER))
    second = data.index(ebml.id_bytes(matroska.CLUSTER), first + 4)
    data[second : second + 200] = bytes(200)
    file.write_bytes(data)

    assert read(file) == [one for one in ALL if one[0] < 1000 or one[0] >= 2500]


def test_a_damaged_picture_is_refused(file: Path) -> None:
    with SegmentReader(file) as reader:
        frame = next(reader.frames())
        data = bytearray(file.read_bytes())
        data[frame.offset] = 0
        file.write_bytes(data)
        with pytest.raises(SegmentError) as error:
            reader.jpeg(frame)
    assert str(error.value) == f"{file}: the frame at {frame.offset} is damaged"


def test_zeros_behind_the_last_cluster_are_no_frames(file: Path) -> None:
    file.write_bytes(segment(TIMES_MS, ended=False) + bytes(100_000))

    assert read(file) == ALL


@pytest.mark.slow
@pytest.mark.parametrize("program", ["ffmpeg", "mkvmerge"])
def test_what_other_programs_make_of_it_is_read(program: str, file: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.mkv"
    options = ["-i", str(file), "-c", "copy", str(made)] if program == "ffmpeg" else ["-o", str(made), str(file)]
    subprocess.run([need(program), *options], check=True, capture_output=True, timeout=60)

    assert read(made) == ALL
    with SegmentReader(made) as reader:
        headers = [reader.header(frame) for frame in reader.frames()]
    assert [one.captured - headers[0].captured for one in headers] == pytest.approx([ms / 1000 for ms in TIMES_MS])


def test_the_start_is_exact(file: Path) -> None:
    with SegmentReader(file) as reader:
        assert reader.info.started == STARTED


@pytest.mark.slow
def test_no_damage_makes_it_fail(file: Path) -> None:
    whole = file.read_bytes()
    for seed in range(200):
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(50):
            data[chance.randrange(400, len(data))] = chance.randrange(256)
        file.write_bytes(data)

        for ms, picture in read(file):
            assert picture.startswith(b"\xff\xd8"), (seed, ms)
