"""RTP packets become pictures, each with its last packet."""

import pytest

from capture.media.rtsp.rtp import START_CODE, AccessUnit, Depacketizer, RtpPacket


def packet(sequence: int, timestamp: int, payload: bytes, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(96, marker, sequence, timestamp, payload)


IDR, SPS, P = b"\x65idr", b"\x67sps", b"\x41p"


def test_a_picture_is_complete_with_its_marker() -> None:
    depacketizer = Depacketizer("H264")
    assert depacketizer.feed(packet(1, 0, SPS)) == []
    assert depacketizer.feed(packet(2, 0, IDR, marker=True)) == [AccessUnit(START_CODE + SPS + START_CODE + IDR, 0)]
    assert depacketizer.feed(packet(3, 3000, P, marker=True)) == [AccessUnit(START_CODE + P, 3000)]


def test_without_markers_it_is_complete_with_the_next_time_stamp() -> None:
    depacketizer = Depacketizer("H264")
    assert depacketizer.feed(packet(1, 0, IDR)) == []
    assert depacketizer.feed(packet(2, 3000, P)) == [AccessUnit(START_CODE + IDR, 0, by_next=True)]


def test_markers_within_a_picture_are_not_believed_again() -> None:
    depacketizer = Depacketizer("H264")
    depacketizer.feed(packet(1, 0, IDR, marker=True))
    depacketizer.feed(packet(2, 0, IDR, marker=True))
    depacketizer.feed(packet(3, 3000, P, marker=True))
    depacketizer.feed(packet(4, 3000, P, marker=True))
    assert depacketizer.feed(packet(5, 6000, P, marker=True)) == [AccessUnit((START_CODE + P) * 2, 3000, by_next=True)]


def test_fragments_and_aggregates_of_h264() -> None:
    depacketizer = Depacketizer("H264")
    aggregate = b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in (SPS, b"\x68pps"))
    assert depacketizer.feed(packet(1, 0, aggregate)) == []
    assert depacketizer.feed(packet(2, 0, b"\x7c\x85begin-")) == []
    assert depacketizer.feed(packet(3, 0, b"\x7c\x05middle-")) == []
    [unit] = depacketizer.feed(packet(4, 0, b"\x7c\x45end", marker=True))
    assert unit.data == START_CODE + SPS + START_CODE + b"\x68pps" + START_CODE + b"\x65begin-middle-end"


def test_fragments_and_aggregates_of_h265() -> None:
    depacketizer = Depacketizer("H265")
    aggregate = b"\x60\x01" + b"".join(len(unit).to_bytes(2) + unit for unit in (b"\x40\x01vps", b"\x42\x01sps"))
    assert depacketizer.feed(packet(1, 0, aggregate)) == []
    assert depacketizer.feed(packet(2, 0, b"\x62\x01\x93begin-")) == []
    [unit] = depacketizer.feed(packet(3, 0, b"\x62\x01\x53end", marker=True))
    assert unit.data == START_CODE + b"\x40\x01vps" + START_CODE + b"\x42\x01sps" + START_CODE + b"\x26\x01begin-end"


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_picture_of_which_a_packet_is_missing_is_counted_and_left_out(missing: int) -> None:
    depacketizer = Depacketizer("H264")
    stream = [
        packet(0, 0, P, marker=True),
        packet(1, 3000, b"\x7c\x81a"),
        packet(2, 3000, b"\x7c\x01b"),
        packet(3, 3000, b"\x7c\x41c", marker=True),
        packet(4, 6000, P, marker=True),
    ]
    units = [unit for one in stream if one.sequence != missing for unit in depacketizer.feed(one)]
    assert START_CODE + b"\x61abc" not in [unit.data for unit in units]
    assert depacketizer.lost >= 1


def test_numbers_and_time_stamps_begin_again() -> None:
    depacketizer = Depacketizer("H264")
    depacketizer.feed(packet(65535, (1 << 32) - 3000, P, marker=True))
    [unit] = depacketizer.feed(packet(0, 0, P, marker=True))
    assert unit.ticks == 3000
    assert depacketizer.lost == 0


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        (b"\x80\xe0\0\1\0\0\0\2\0\0\0\3payload", b"payload"),
        (b"\x81\xe0\0\1\0\0\0\2\0\0\0\3CSRCpayload", b"payload"),
        (b"\x90\xe0\0\1\0\0\0\2\0\0\0\3\xbe\xde\0\1EXT.payload", b"payload"),
        (b"\xa0\xe0\0\1\0\0\0\2\0\0\0\3payload\0\0\3", b"payload"),
    ],
)
def test_the_header_of_a_packet(data: bytes, payload: bytes) -> None:
    assert RtpPacket.parse(data) == RtpPacket(96, True, 1, 2, payload)


@pytest.mark.parametrize("data", [b"", b"\x80" * 11, b"\x40" + bytes(20), b"\xa0" + bytes(11) + b"\xff"])
def test_what_is_no_packet(data: bytes) -> None:
    assert RtpPacket.parse(data) is None
