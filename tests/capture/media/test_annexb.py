"""What the bytes of H.264 and H.265 say of themselves, and where their pictures begin."""

import pytest

from capture.idle_decoding import Kind
from capture.media.annexb import MAX_PICTURE_BYTES, AccessUnits, codec_of, kind_of, unit_types

LONG, SHORT = b"\0\0\0\1", b"\0\0\1"


@pytest.mark.parametrize(
    ("codec", "units", "kind"),
    [
        ("h264", [0x67, 0x68, 0x65], "key"),
        ("h264", [0x09, 0x06, 0x25], "key"),
        ("h264", [0x41], "delta"),
        ("h264", [0x61, 0x65], "delta"),
        ("h264", [0x67, 0x68], "header"),
        ("h264", [], "header"),
        ("hevc", [0x40, 0x42, 0x44, 0x26], "key"),
        ("hevc", [0x28], "key"),
        ("hevc", [0x2A], "key"),
        ("hevc", [0x02], "delta"),
        ("hevc", [0x40, 0x42, 0x44], "header"),
        ("mpeg4", [0x65], "delta"),
    ],
)
@pytest.mark.parametrize("start", [LONG, SHORT])
def test_the_first_slice_tells_what_a_picture_needs(codec: str, units: list[int], kind: Kind, start: bytes) -> None:
    assert kind_of(codec, b"".join(start + bytes([unit]) + b"\1\2\3" for unit in units)) == kind


def test_a_start_code_without_a_unit_is_none() -> None:
    assert list(unit_types("h264", b"\0\0\1\x67\0\0\1")) == [7]


def unit(head: int, *, first: bool = True, codec: str = "h264") -> bytes:
    """A NAL unit, and whether it is the first slice of its picture, where it is a slice."""
    rest = bytes([0x80 if first else 0x40]) + b"\x55" * 6
    return LONG + bytes([head]) + (rest if codec == "h264" else b"\1" + rest)


H264 = [
    unit(0x67) + unit(0x68) + unit(0x65) + unit(0x65, first=False),
    unit(0x41),
    unit(0x41) + unit(0x41, first=False),
    unit(0x09) + unit(0x06) + unit(0x41),
    unit(0x67) + unit(0x68) + unit(0x65),
]
HEVC = [
    b"".join(unit(head, codec="hevc") for head in (0x40, 0x42, 0x44, 0x26)),
    unit(0x02, codec="hevc") + unit(0x02, first=False, codec="hevc"),
    unit(0x4E, codec="hevc") + unit(0x02, codec="hevc"),
    unit(0x02, codec="hevc"),
]


@pytest.mark.parametrize(("codec", "pictures"), [("h264", H264), ("hevc", HEVC)])
@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_a_stream_is_taken_apart_into_its_pictures(codec: str, pictures: list[bytes], step: int) -> None:
    units, stream = AccessUnits(codec), b"".join(pictures)
    found = [picture for at in range(0, len(stream), step) for picture in units.feed(stream[at : at + step])]
    assert [*found, units.pause()] == pictures
    assert units.lost == 0


def test_a_pause_ends_a_picture() -> None:
    units = AccessUnits("h264")
    for picture in H264:
        before = units.may_be_complete
        assert units.feed(picture) == []
        assert (before, units.may_be_complete) == (False, True)
        assert units.pause() == picture
    assert units.lost == 0


def test_a_pause_within_a_picture_is_noticed_and_none_counts_any_more() -> None:
    units = AccessUnits("h264")
    first, second = H264[0][:-4], H264[0][-4:]
    units.feed(first)
    assert units.pause() == first
    assert units.feed(second + H264[1]) == []
    assert units.lost == 1
    assert not units.may_be_complete
    assert units.feed(H264[2] + H264[3]) == [H264[1], H264[2]]


def test_a_pause_between_two_slices_of_a_picture_is_noticed() -> None:
    units = AccessUnits("h264")
    units.feed(unit(0x65))
    units.pause()
    assert units.feed(unit(0x65, first=False) + H264[1] + H264[2]) == [H264[1]]
    assert units.lost == 1


def test_parameters_alone_are_no_picture() -> None:
    units = AccessUnits("h264")
    units.feed(unit(0x67) + unit(0x68))
    assert not units.may_be_complete


def test_a_picture_without_an_end_is_thrown_away() -> None:
    units = AccessUnits("h264")
    units.feed(unit(0x65))
    assert units.feed(b"\x55" * (MAX_PICTURE_BYTES + 1)) == []
    assert units.feed(H264[1] + H264[2]) == [H264[1]]
    assert units.lost == 1


@pytest.mark.parametrize(
    ("begin", "codec"),
    [
        (H264[0], "h264"),
        (H264[3], "h264"),
        (HEVC[0], "hevc"),
        (SHORT + b"\x46\x01\x50", "hevc"),
        (SHORT + b"\x67\x42\x00", "h264"),
        (SHORT + b"\xba\x44\x00", ""),
        (SHORT + b"\xb3\x14\x00", ""),
        (b"\xff\xd8\xff", ""),
        (b"", ""),
        (LONG, ""),
        (b"\0" * 50, ""),
    ],
)
def test_the_first_unit_tells_the_codec(begin: bytes, codec: str) -> None:
    assert codec_of(begin) == codec
