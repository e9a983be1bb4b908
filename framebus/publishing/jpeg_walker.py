"""A walk over the markers of one JPEG as its bytes come in (ITU-T T.81, annex B). Nothing is decoded.

It is as lenient as libjpeg: bytes between two segments that are no marker are skipped. A picture ends at its own EOI;
one without EOI ends where the next SOI, or the delimiter of a multipart body, begins.
"""

import re
from typing import Literal

from framebus.protocol.jpeg import EOI, SOI

SOS = 0xDA
DHT = 0xC4
COM = 0xFE
APPLICATION = range(0xE0, 0xF0)
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
"""SOF0 to SOF15, without DHT, JPG and DAC, which lie among them."""
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0 to RST7: markers without a length."""
LOWEST_MARKER = 0xC0
"""Below it, all but TEM are reserved."""
LF, CR = b"\n\r"
LONG_DELIMITER = 8
"""Bytes from which on a delimiter is known without the line end before it, which some cameras leave out."""

_MARKER_IN_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""Within a scan, FF is followed by 00 or a restart marker, except at the marker that ends it."""

Step = Literal["more", "end", "cut"]


class JpegWalker:
    """Walks a JPEG that begins with SOI at `start` of a buffer; the buffer may grow between two calls of `walk`."""

    def __init__(self, start: int = 0, delimiter: bytes = b"") -> None:
        """`delimiter` is the line that separates the parts of a multipart body, without its line end, if known."""
        self.at = start + len(SOI)
        """How far the walk has come; after `end` or `cut`, where the picture ends."""
        self.flaw = ""
        """After `cut`: why this is no JPEG."""
        self.segments: list[tuple[int, int, int]] = []
        """Marker, begin and end of each segment."""
        self.stray: list[tuple[int, int]] = []
        """Begin and end of each run of bytes between segments that belong to none."""
        self.in_scan = False
        self._delimiter = delimiter
        self._end_of_part = delimiter if len(delimiter) >= LONG_DELIMITER else b"\n" + delimiter

    @property
    def has_scan(self) -> bool:
        """Whether image data has begun."""
        return any(marker == SOS for marker, _, _ in self.segments)

    def walk(self, data: bytes | bytearray) -> Step:
        """Go on as far as the data reach. `cut` means that the picture stops without EOI at `at`, or is no JPEG."""
        while True:
            step = self._pass_scan(data) if self.in_scan else self._pass_segment(data)
            if step is not None:
                return step

    def _pass_scan(self, data: bytes | bytearray) -> Step | None:
        match = _MARKER_IN_SCAN.search(data, self.at)
        marker = len(data) if match is None else match.start()
        end = self._end_of_part_before(data, marker)
        if end < marker:
            self.at, self.in_scan = end, False
            return self._cut("no end of image")
        if match is None:
            self.at = max(self.at, len(data) - len(self._delimiter) - 2)
            return "more"
        self.at, self.in_scan = marker, False
        return None

    def _end_of_part_before(self, data: bytes | bytearray, limit: int) -> int:
        """Where the delimiter begins, with its line end, if it does before the limit; else the limit.

        It is searched for by itself: one expression for both would be tried at each byte, which takes 30 times as long.
        """
        end = data.find(self._end_of_part, self.at, limit + len(self._end_of_part)) if self._delimiter else -1
        if end < 0:
            return limit
        if end > self.at and data[end] != LF and data[end - 1] == LF:
            end -= 1
        if end > self.at and data[end] == LF and data[end - 1] == CR:
            end -= 1
        return min(end, limit)

    def _pass_segment(self, data: bytes | bytearray) -> Step | None:
        if not self._to_marker(data):
            return "cut" if self.flaw else "more"
        marker = data[self.at + 1]
        if marker == EOI[1]:
            if not self.has_scan:
                return self._cut(f"end of image at byte {self.at}, before any scan")
            self.at += len(EOI)
            return "end"
        if marker == SOI[1]:
            return self._cut("the next picture begins before this one ends")
        if marker in STANDALONE:
            self.at += 2
            return None
        return self._take_segment(data, marker)

    def _take_segment(self, data: bytes | bytearray, marker: int) -> Step | None:
        if len(data) < self.at + 4:
            return "more"
        begin, length = self.at, int.from_bytes(data[self.at + 2 : self.at + 4])
        if length < 2:
            return self._cut(f"a segment of {length} bytes at byte {begin} of {len(data)}")
        end = begin + 2 + length
        if len(data) < end:
            return "more"
        if marker in FRAME_HEADERS and any(earlier in FRAME_HEADERS for earlier, _, _ in self.segments):
            return self._cut(f"a second frame header at byte {begin}")
        if self._delimiter and marker not in APPLICATION and marker != COM:
            inside = data.find(b"\n" + self._delimiter, begin, end)
            if inside >= 0:
                self.at = inside
                return self._cut("cut off within its headers")
        self.segments.append((marker, begin, end))
        self.at, self.in_scan = end, marker == SOS
        return None

    def _to_marker(self, data: bytes | bytearray) -> bool:
        """Skip to the next marker, as next_marker() of libjpeg does; false where the data end first."""
        begin = self.at
        while True:
            at = data.find(b"\xff", self.at)
            if self._delimiter:
                cut = data.find(b"\n" + self._delimiter, self.at, at if at >= 0 else None)
                if cut >= 0:
                    self.at = cut
                    self._cut("cut off within its headers")
                    return False
            if at < 0 or len(data) < at + 2:
                return False
            marker = data[at + 1]
            if marker == 0xFF:  # a fill byte
                self.at = at + 1
                if begin == at:
                    begin = self.at
            elif marker in STANDALONE or marker >= LOWEST_MARKER:
                if at > begin:
                    self.stray.append((begin, at))
                self.at = at
                return True
            else:
                self.at = at + 2

    def _cut(self, flaw: str) -> Step:
        self.flaw = flaw
        return "cut"
