"""The file of a recording: what is written is read, and a cut or damaged file up to there."""

import io
from typing import Any

import pytest

from framebus.protocol.recording import MAGIC, RecordingError, RecordingReader, record
from framebus.protocol.wire import FrameHeader, pack
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import frame_header

HEADERS = [frame_header(seq) for seq in (1, 2, 5)]
RECORDS = [record(pack("live", "front", header, JPEG + bytes([header.seq]))) for header in HEADERS]
WHOLE = MAGIC + b"".join(RECORDS)


def read(content: bytes) -> tuple[list[tuple[FrameHeader, bytes]], bool]:
    reader = RecordingReader(io.BytesIO(content), "x.framebus")
    return list(reader), reader.is_cut


def test_what_was_written_is_read() -> None:
    frames, is_cut = read(WHOLE)
    assert [header for header, _ in frames] == HEADERS
    assert [jpeg for _, jpeg in frames] == [JPEG + bytes([seq]) for seq in (1, 2, 5)]
    assert not is_cut
    assert read(MAGIC) == ([], False)


def test_a_cut_file_is_read_up_to_its_last_complete_frame() -> None:
    ends = [len(MAGIC), *(len(MAGIC) + sum(map(len, RECORDS[: n + 1])) for n in range(3))]
    for length in range(len(MAGIC), len(WHOLE) + 1):
        frames, is_cut = read(WHOLE[:length])
        assert len(frames) == sum(end <= length for end in ends[1:])
        assert is_cut == (length not in ends)


@pytest.mark.parametrize("place", [0, 3, 4, 9, 30, -1])
def test_a_damaged_frame_ends_it(place: int) -> None:
    start = len(MAGIC) + len(RECORDS[0])
    at = start + (place if place >= 0 else len(RECORDS[1]) - 1)
    damaged = bytearray(WHOLE)
    damaged[at] ^= 0x55
    frames, is_cut = read(bytes(damaged))
    assert (len(frames), is_cut) == (1, True)


def test_zeros_that_a_file_system_left_after_a_power_cut_end_it() -> None:
    assert len(read(WHOLE + bytes(4096))[0]) == 3
    assert read(WHOLE + bytes(4096))[1]


def test_a_message_of_another_kind_is_skipped() -> None:
    other = record(b"event/front\n{}\n")
    frames, is_cut = read(MAGIC + RECORDS[0] + other + RECORDS[1])
    assert (len(frames), is_cut) == (2, False)


@pytest.mark.parametrize("content", [b"", b"framebus-recording 2\n", JPEG, MAGIC[:-1]])
def test_another_file_is_refused(content: Any) -> None:
    with pytest.raises(RecordingError) as caught:
        read(content)
    assert str(caught.value) == ("x.framebus: no recording of framebus; allowed: a file that `framebus record` wrote")
