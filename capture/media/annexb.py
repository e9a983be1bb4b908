"""H.264 and H.265 as a byte stream (ITU-T H.264 and H.265, annex B): its NAL units and pictures. Nothing is decoded."""

import re
from collections.abc import Iterator

from capture.idle_decoding import Kind

_START = re.compile(rb"\x00\x00\x01(?=.)", re.DOTALL)
_BEGIN = re.compile(rb"\x00{2,8}\x01(?=..)", re.DOTALL)
_H264_FIRST = (1, 5, 6, 7, 8, 9)
_HEVC_FIRST = range(32, 36)
"""The NAL units with which cameras begin: parameters and delimiters, in H.264 also slices and SEI."""
_H264_AHEAD = (*range(6, 10), *range(14, 19))
_HEVC_AHEAD = (*range(32, 36), 39, *range(41, 45), *range(48, 56))
"""The NAL units that may stand ahead of the slices of a picture."""
MAX_PICTURE_BYTES = 32 * 1024 * 1024
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


def codec_of(begin: bytes) -> str:
    """Whether a body that begins so is "h264" or "hevc"; empty if it is neither."""
    start = _BEGIN.match(begin)
    if start is None:
        return ""
    first, second = begin[start.end()], begin[start.end() + 1]
    if second == 1 and first >> 1 in _HEVC_FIRST and not first & 0x81:
        return "hevc"
    return "h264" if first & 0x1F in _H264_FIRST and not first & 0x80 else ""


class AccessUnits:
    """Takes a byte stream apart into its pictures: feed it what comes.

    Nothing marks the end of a picture but the beginning of the next one. Cameras send each at once, so that a pause
    tells it as well. Where it once does not, no pause counts any more.
    """

    def __init__(self, codec: str) -> None:
        """`codec` is "h264" or "hevc"."""
        self.lost = 0
        """Pictures that were given back before they were complete, or are too large."""
        self._codec = codec
        self._buffer = bytearray()
        self._searched = 0
        self._has_slice = False
        self._is_damaged = False
        self._pauses_count = True
        self._ended_by_pause = False

    @property
    def may_be_complete(self) -> bool:
        """Whether a pause now would be the end of a picture."""
        return self._pauses_count and self._has_slice and not self._is_damaged

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures before the one with which these bytes end."""
        self._buffer += data
        complete: list[bytes] = []
        while (start := _START.search(self._buffer, self._searched)) is not None:
            head = bytes(self._buffer[start.end() : start.end() + 3])
            if len(head) < 3:
                break
            if self._ended_by_pause:
                self._check_pause(start.start(), head)
            if self._has_slice and self._begins(head):
                is_long = self._buffer[start.start() - 1] == 0  # the zero_byte of the next picture
                complete += self._cut(start.start() - is_long)
                continue
            self._has_slice = self._has_slice or self._is_slice(head)
            self._searched = start.end()
        else:
            self._searched = max(self._searched, len(self._buffer) - 3)
        if len(self._buffer) > MAX_PICTURE_BYTES:
            self._drop()
        return complete

    def pause(self) -> bytes:
        """The picture with which the bytes end, as no more have come for a while."""
        data = bytes(self._buffer)
        self._reset()
        self._ended_by_pause = True
        return data

    def _check_pause(self, at: int, head: bytes) -> None:
        """See whether a picture begins behind the pause."""
        self._ended_by_pause = False
        if any(self._buffer[:at]) or not self._begins(head):
            self._pauses_count = False
            self._is_damaged = self._has_slice = True
            self.lost += 1

    def _cut(self, at: int) -> list[bytes]:
        data, was_damaged = bytes(self._buffer[:at]), self._is_damaged
        del self._buffer[:at]
        self._searched, self._has_slice, self._is_damaged = 0, False, False
        return [] if was_damaged else [data]

    def _drop(self) -> None:
        self._reset()
        self._is_damaged = self._has_slice = True
        self.lost += 1

    def _reset(self) -> None:
        self._buffer.clear()
        self._searched, self._has_slice, self._is_damaged = 0, False, False

    def _is_slice(self, head: bytes) -> bool:
        return unit_type(self._codec, head[0]) in (_H264_SLICES if self._codec == "h264" else _HEVC_SLICES)

    def _begins(self, head: bytes) -> bool:
        """Whether a NAL unit behind a slice begins a picture (H.264, 7.4.1.2.3; H.265, 7.4.2.4.4)."""
        kind = unit_type(self._codec, head[0])
        if self._is_slice(head):  # the first macroblock, or the flag of the first slice segment
            return bool(head[1 if self._codec == "h264" else 2] & 0x80)
        return kind in (_H264_AHEAD if self._codec == "h264" else _HEVC_AHEAD)
