"""The last frames as a file that players understand, the JPEGs as they are: Motion JPEG in a row, or AVI.

A clip refers to its frames and copies none of them; it is read a page at a time.
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
"""Of a single frame, whose distance to the next nobody knows."""


class Clip:
    """A file in memory, made of pieces. `frames` and `seconds` are what is in it, `size` is in bytes."""

    def __init__(self, stills: list[Still], form: Literal["mjpg", "avi"]) -> None:
        """`stills`, one or more, the oldest first; of other sizes than the first one, an AVI leaves them out."""
        if form == "avi":
            header = stills[0].header
            stills = [
                still for still in stills if (still.header.width, still.header.height) == (header.width, header.height)
            ]
        self.frames = len(stills)
        self.seconds = stills[-1].header.monotonic - stills[0].header.monotonic
        self._pieces = _avi(stills, self._fps) if form == "avi" else [still.jpeg for still in stills]
        self._ends = list(accumulate(map(len, self._pieces)))
        self.size = self._ends[-1]

    def page(self, offset: int, most: int) -> bytes:
        """Up to so many bytes from there on; empty at the end."""
        found = []
        at = bisect_right(self._ends, offset)
        while at < len(self._pieces) and most > 0:
            begin = offset - (self._ends[at] - len(self._pieces[at]))
            piece = self._pieces[at][begin : begin + most]
            found.append(piece)
            offset, most, at = offset + len(piece), most - len(piece), at + 1
        return b"".join(found)

    @property
    def _fps(self) -> float:
        return (self.frames - 1) / self.seconds if self.seconds > 0 else DEFAULT_FPS


def _avi(stills: list[Still], fps: float) -> list[bytes]:
    """The pieces of an AVI file with an index, at the mean rate of its frames."""
    width, height = stills[0].header.width, stills[0].header.height
    largest = max(len(still.jpeg) for still in stills)
    period_us = round(1_000_000 / fps)
    avih = struct.pack("<14I", period_us, 0, 0, AVIF_HASINDEX, len(stills), 0, 1, largest, width, height, 0, 0, 0, 0)
    strh = struct.pack(
        "<4s4sIHHIIIIIIII4H",
        *(b"vids", b"MJPG", 0, 0, 0, 0, period_us, 1_000_000, 0, len(stills), largest, 0xFFFFFFFF, 0),
        *(0, 0, width, height),
    )
    strf = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
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
    movi = struct.pack("<4sI4s", b"LIST", offset, b"movi")
    size = 4 + len(headers) + len(movi) + offset - 4 + len(idx1)
    return [struct.pack("<4sI4s", b"RIFF", size, b"AVI ") + headers + movi, *frames, idx1]


def _chunk(name: bytes, data: bytes) -> bytes:
    """A chunk, padded to an even length."""
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))
