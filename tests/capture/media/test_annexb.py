"""What the bytes of H.264 and H.265 say of themselves."""

import pytest

from capture.idle_decoding import Kind
from capture.media.annexb import kind_of, unit_types

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
