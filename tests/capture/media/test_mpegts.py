"""The video of an MPEG transport stream, whole and in pieces, with and without stuffing, and damaged."""

import itertools
from pathlib import Path

import pytest

from capture.media.mpegts import PACKET_BYTES, EncodedPicture, TransportStream
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS

VIDEO_PID, PMT_PID = 0x100, 0x1000


def packet(pid: int, payload: bytes, counter: int = 0, *, begins: bool = False, stuffed: bool = True) -> bytes:
    """One packet; what the payload does not fill is stuffing, which may be left out only where it fits exactly."""
    room = PACKET_BYTES - 4 - len(payload)
    assert room >= 0
    assert room == 0 or stuffed
    adaptation = b"" if room == 0 else bytes([room - 1]) + (b"\0" + b"\xff" * (room - 2) if room > 1 else b"")
    head = bytes([0x47, begins << 6 | pid >> 8, pid & 0xFF, (3 if adaptation else 1) << 4 | counter & 15])
    return head + adaptation + payload


def tables(kind: int = 0x1B) -> bytes:
    """A PAT, and a PMT with sound ahead of the video; without checksums, which are not looked at."""
    pat = b"\0\0\xb0\x11\0\1\xc1\0\0\0\0\xe0\x10\0\1" + (0xE000 | PMT_PID).to_bytes(2) + bytes(4)
    streams = b"\x0f\xe1\x01\xf0\0" + bytes([kind]) + (0xE000 | VIDEO_PID).to_bytes(2) + b"\xf0\0"
    pmt = b"\0\x02" + (0xB000 | 9 + len(streams) + 4).to_bytes(2) + b"\0\1\xc1\0\0\xe1\0\xf0\0" + streams + bytes(4)
    return packet(0, pat, begins=True) + packet(PMT_PID, pmt, begins=True)


def pes(content: bytes, ticks: int | None = None, *, length: bool = False) -> bytes:
    """A PES packet with a time stamp, or with a length."""
    stamp = b"" if ticks is None else _stamp(ticks)
    flags = 0 if ticks is None else 0x80
    size = 3 + len(stamp) + len(content) if length else 0
    return b"\0\0\1\xe0" + size.to_bytes(2) + bytes([0x80, flags, len(stamp)]) + stamp + content


def _stamp(ticks: int) -> bytes:
    high, middle, low = ticks >> 30 & 7, ticks >> 15 & 0x7FFF, ticks & 0x7FFF
    return bytes([0x21 | high << 1]) + (middle << 1 | 1).to_bytes(2) + (low << 1 | 1).to_bytes(2)


def picture(data: bytes, ticks: int = 0, *, by_next: bool = False) -> EncodedPicture:
    return EncodedPicture(data, ticks, by_next)


def split(data: bytes, counter: int = 0) -> list[bytes]:
    """A PES packet in packets, the last one filled up."""
    pieces = [data[at : at + PACKET_BYTES - 4] for at in range(0, len(data), PACKET_BYTES - 4)]
    return [packet(VIDEO_PID, piece, counter + at, begins=at == 0) for at, piece in enumerate(pieces)]


@pytest.mark.parametrize("step", [1, 7, 188, 100_000])
def test_every_picture_is_found_however_the_bytes_come(step: int, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.ts", "libx264", COLOURS * 5, fps=10)
    data, stream, found = clip.read_bytes(), TransportStream(), list[EncodedPicture]()
    for at in range(0, len(data), step):
        found += stream.feed(data[at : at + step])
    assert stream.codec == "h264"
    assert [one.data for one in found] == clips.packets(clip)
    assert {after.ticks - before.ticks for before, after in itertools.pairwise(found)} == {9000}
    assert not any(one.by_next for one in found)
    assert stream.lost == 0


def test_a_picture_is_complete_with_the_stuffing_of_its_last_packet() -> None:
    stream = TransportStream()
    first, *between, last = split(pes(b"x" * 500, 900))
    assert stream.feed(tables() + first + b"".join(between)) == []
    assert stream.feed(last) == [picture(b"x" * 500, 900)]


def test_a_picture_that_fills_its_last_packet_ends_with_the_next() -> None:
    stream = TransportStream()
    content = b"x" * (2 * (PACKET_BYTES - 4) - 14)
    assert stream.feed(tables() + b"".join(split(pes(content, 0)))) == []
    assert stream.feed(split(pes(b"y", 10), 2)[0]) == [picture(content, 0, by_next=True), picture(b"y", 10)]


def test_a_picture_with_a_length_is_complete_with_its_last_byte() -> None:
    stream = TransportStream()
    content = b"x" * (2 * (PACKET_BYTES - 4) - 14)
    assert stream.feed(tables() + b"".join(split(pes(content, 0, length=True)))) == [picture(content)]


def test_stuffing_in_the_middle_is_learned() -> None:
    def stuffed_anywhere(counter: int) -> bytes:
        return packet(VIDEO_PID, pes(b"x" * 20, 0), counter, begins=True) + packet(VIDEO_PID, b"y" * 20, counter + 1)

    stream = TransportStream()
    assert stream.feed(tables() + stuffed_anywhere(0)) == [picture(b"x" * 20)]
    assert stream.lost == 1
    assert stream.feed(stuffed_anywhere(2)) == []
    assert stream.feed(stuffed_anywhere(4)) == [picture(b"x" * 20 + b"y" * 20, by_next=True)]
    assert stream.lost == 1


def test_a_program_clock_is_no_stuffing() -> None:
    clock = bytes([7, 0x10]) + bytes(6)
    with_clock = bytes([0x47, VIDEO_PID >> 8, VIDEO_PID & 0xFF, 0x31]) + clock + b"y" * (PACKET_BYTES - 12)
    stream = TransportStream()
    begin = packet(VIDEO_PID, pes(b"x" * (PACKET_BYTES - 18), 0), 0, begins=True)
    assert stream.feed(tables() + begin + with_clock) == []
    assert len(stream.feed(packet(VIDEO_PID, b"z", 2))) == 1


def test_a_picture_of_which_a_packet_is_missing_is_counted_and_left_out() -> None:
    stream = TransportStream()
    first, _, last = split(pes(b"x" * 500, 0))
    assert stream.feed(tables() + first + last) == []
    assert stream.lost == 1
    assert stream.feed(split(pes(b"y", 10), 3)[0]) == [picture(b"y", 10)]


def test_a_repeated_packet_counts_once() -> None:
    stream = TransportStream()
    packets = split(pes(b"x" * 500, 0))
    assert stream.feed(tables() + packets[0] + packets[1] + packets[1] + packets[2]) == [picture(b"x" * 500)]


def test_time_stamps_go_on_where_their_33_bits_begin_again() -> None:
    stream = TransportStream()
    stream.feed(tables())
    found = [
        stream.feed(split(pes(b"x", ticks % (1 << 33)), number)[0])[0].ticks
        for number, ticks in enumerate([(1 << 33) - 20, (1 << 33) - 10, 1 << 33, (1 << 33) + 10])
    ]
    assert [after - before for before, after in itertools.pairwise(found)] == [10, 10, 10]


@pytest.mark.parametrize("junk", [b"x", b"\x47" * 5, bytes(1000), tables()[:100]])
def test_what_is_no_packet_is_skipped(junk: bytes) -> None:
    stream = TransportStream()
    good = tables() + split(pes(b"x", 0))[0]
    found = stream.feed(junk + good * 3)
    assert found
    assert {one.data for one in found} == {b"x"}


@pytest.mark.parametrize(("kind", "codec"), [(0x1B, "h264"), (0x24, "hevc"), (0x02, "mpeg2video"), (0x42, "")])
def test_the_codec_is_that_of_the_first_video_that_is_known(kind: int, codec: str) -> None:
    stream = TransportStream()
    assert bool(stream.feed(tables(kind) + split(pes(b"x", 0))[0])) == bool(codec)
    assert stream.codec == codec
