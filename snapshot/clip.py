"""A clip: the last frames as a file that players read, in the form of Motion JPEG or AVI, without re-encoding.

A clip refers to its frames and does not copy them; it is read page by page.
"""

import struct
from bisect import bisect_right
from itertools import accumulate
from typing import Literal

from snapshot.still import Still

AVIF_HASINDEX = 0x10
AVIIF_KEYFRAME = 0x10
"""Flags of avih and idx1 (AVI RIFF File Reference, Microsoft; vfw.h)."""
DEFAULT_FPS = 10.0
"""Frame rate of a clip with a single frame."""
TIME = b"time"
"""A chunk after the index, which players skip: when each frame was captured, in Unix microseconds of 64 bits."""
MAX_UINT32 = 0xFFFFFFFF
MAX_UINT16 = 0xFFFF
"""Largest numbers that the fields of an AVI header hold; what a camera claims beyond is cut off there."""


class Clip:
    """A file in memory, made of pieces. It holds `frames` frames of `seconds` seconds, and `size` bytes."""

    def __init__(self, stills: list[Still], form: Literal["mjpg", "avi"]) -> None:
        """Make a clip of one or more frames, the oldest first. An AVI leaves out those of another size than the first.

        Args:
            stills: the frames.
            form: `mjpg` for the JPEGs one after the other, `avi` for a file with an index.
        """
        if form == "avi":
            header = stills[0].header
            stills = [
                still for still in stills if (still.header.width, still.header.height) == (header.width, header.height)
            ]
        self.stills = stills
        self.frames = len(stills)
        self.seconds = stills[-1].header.monotonic - stills[0].header.monotonic
        self._pieces = _avi(stills, self._fps) if form == "avi" else [still.jpeg for still in stills]
        self._ends = list(accumulate(map(len, self._pieces)))
        self.size = self._ends[-1]

    def page(self, offset: int, most: int) -> bytes:
        """Return at most `most` bytes from `offset` on; none at the end."""
        parts = []
        at = bisect_right(self._ends, offset)
        while at < len(self._pieces) and most > 0:
            begin = offset - (self._ends[at] - len(self._pieces[at]))
            piece = self._pieces[at][begin : begin + most]
            parts.append(piece)
            offset, most, at = offset + len(piece), most - len(piece), at + 1
        return b"".join(parts)

    @property
    def _fps(self) -> float:
        return (self.frames - 1) / self.seconds if self.seconds > 0 else DEFAULT_FPS


def _avi(stills: list[Still], fps: float) -> list[bytes]:
    """The pieces of an AVI file with an index, at the mean rate of its frames."""
    width, height = min(stills[0].header.width, MAX_UINT16), min(stills[0].header.height, MAX_UINT16)
    largest = max(len(still.jpeg) for still in stills)
    period_us = min(round(1_000_000 / fps), MAX_UINT32)
    bytes_decoded = min(width * height * 3, MAX_UINT32)
    avih = struct.pack("<14I", period_us, 0, 0, AVIF_HASINDEX, len(stills), 0, 1, largest, width, height, 0, 0, 0, 0)
    strh = struct.pack(
        "<4s4sIHHIIIIIIII4H",
        *(b"vids", b"MJPG", 0, 0, 0, 0, period_us, 1_000_000, 0, len(stills), largest, 0xFFFFFFFF, 0),
        *(0, 0, width, height),
    )
    strf = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", bytes_decoded, 0, 0, 0, 0)
    headers = _list(b"hdrl", _chunk(b"avih", avih), _list(b"strl", _chunk(b"strh", strh), _chunk(b"strf", strf)))
    index: list[bytes] = []
    frames: list[bytes] = []
    offset = 4
    for jpeg in (still.jpeg for still in stills):
        index.append(struct.pack("<4sIII", b"00dc", AVIIF_KEYFRAME, offset, len(jpeg)))
        pad = b"\0" * (len(jpeg) % 2)
        frames += [struct.pack("<4sI", b"00dc", len(jpeg)), jpeg, pad]
        offset += 8 + len(jpeg) + len(pad)
    idx1 = _chunk(b"idx1", b"".join(index))
    times = _chunk(TIME, b"".join(struct.pack("<q", round(still.header.captured * 1_000_000)) for still in stills))
    movi = struct.pack("<4sI4s", b"LIST", offset, b"movi")
    size = 4 + len(headers) + len(movi) + offset - 4 + len(idx1) + len(times)
    return [struct.pack("<4sI4s", b"RIFF", size, b"AVI ") + headers + movi, *frames, idx1 + times]


def _chunk(name: bytes, data: bytes) -> bytes:
    """A chunk, padded to an even length."""
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))
