"""H.264 and H.265 as a byte stream (ITU-T H.264 and H.265, annex B): what its NAL units are, without decoding them."""

import re
from collections.abc import Iterator

from capture.idle_decoding import Kind

_START = re.compile(rb"\x00\x00\x01(?=.)", re.DOTALL)
_H264_KEY = (5,)
_H264_SLICES = range(1, 6)
_HEVC_KEYS = range(16, 22)
"""Pictures at which decoding may begin: IRAP, table 7-1 of H.265."""
_HEVC_SLICES = range(32)


def kind_of(codec: str, data: bytes) -> Kind:
    """What the decoder needs for this access unit; of other codecs than "h264" and "hevc" nothing is known.

    Args:
        codec: FFmpeg's name of it.
        data: the access unit, with start codes.
    """
    if codec not in ("h264", "hevc"):
        return "delta"
    slices, keys = (_H264_SLICES, _H264_KEY) if codec == "h264" else (_HEVC_SLICES, _HEVC_KEYS)
    for kind in unit_types(codec, data):
        if kind in slices:
            return "key" if kind in keys else "delta"
    return "header"


def unit_types(codec: str, data: bytes) -> Iterator[int]:
    """The types of the NAL units, in order."""
    for start in _START.finditer(data):
        yield unit_type(codec, data[start.end()])


def unit_type(codec: str, first: int) -> int:
    """The type of a NAL unit with this first byte."""
    return first & 0x1F if codec == "h264" else first >> 1 & 0x3F
