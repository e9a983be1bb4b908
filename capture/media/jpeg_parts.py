"""The JPEGs in the body of a multipart/x-mixed-replace answer, as its bytes come in. The socket is http_stream's.

The delimiter is never compared. Cameras disagree with their own header about it: dashes too many or too few, quotes,
another word altogether, none before the first part, a bare LF. What they do agree on is that a part has a
Content-Length, or is a JPEG, which says by itself where it ends (ITU-T T.81, annex B): so a picture is whole with its
last byte, and does not wait for the delimiter that many cameras send with the next one.
"""

import re

from capture.jpeg import SOS, STANDALONE
from framebus.errors import FramebusError
from framebus.protocol.jpeg import EOI, SOI
from framebus.protocol.wire import MAX_MESSAGE_BYTES

MAX_PART_BYTES = MAX_MESSAGE_BYTES
MAX_LINE_BYTES = 64 * 1024
"""More than this without a line end is no header, and thrown away."""
LOWEST_MARKER = 0xC0
"""Below it, all but TEM are reserved."""

_HEADER = re.compile(rb"content-(type|length)[ \t]*:[ \t]*(.*)", re.IGNORECASE)
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Within a scan, FF is followed by 00 or a restart marker, but for the marker that ends it."""


class PartError(FramebusError, ValueError):
    """What makes it pointless to read on."""


class JpegParts:
    """Feed it what comes; it gives back each JPEG as soon as that is whole, byte for byte."""

    def __init__(self) -> None:
        self.damaged = 0
        """Pictures that were cut off or were no JPEG."""
        self._buffer = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._length: int | None = None
        """Of the part that is being taken by its Content-Length."""
        self._at: int | None = None
        """How far the JPEG that is being taken by its markers has been walked."""
        self._in_scan = False
        self._searched = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that these bytes complete.

        Raises PartError for a part that is larger than MAX_PART_BYTES, or says that it will be.
        """
        self._buffer += data
        parts: list[bytes] = []
        while self._advance(parts):
            pass
        if len(self._buffer) > MAX_PART_BYTES:
            raise _too_large(len(self._buffer))
        return parts

    def end(self) -> None:
        """The answer is over: what is not whole now never will be."""
        self.damaged += self._length is not None or self._at is not None
        self._buffer.clear()
        self._headers.clear()
        self._length = self._at = None
        self._searched = 0

    def _advance(self, parts: list[bytes]) -> bool:
        """Do what can be done with one part, or one line; returns whether there may be more to do."""
        if self._length is not None:
            return self._take_length(self._length, parts)
        if self._at is not None:
            return self._walk(self._at, parts)
        if self._buffer.startswith(SOI):
            self._at, self._in_scan = len(SOI), False
            return True
        return self._take_line()

    def _take_line(self) -> bool:
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                self._buffer.clear()
            self._searched = len(self._buffer)
            return False
        line = self._cut(end + 1).strip()
        if not line:
            self._begin_body()
        elif found := _HEADER.match(line):
            self._headers[found[1].lower()] = found[2]
        elif line.startswith(b"--"):
            self._headers.clear()
        return True

    def _begin_body(self) -> None:
        """Without a length nothing begins here: a JPEG is known by its first bytes, all else is skipped as lines."""
        length = self._headers.pop(b"length", b"")
        if not length.isdigit():
            return
        size = int(length[:20])
        if size > MAX_PART_BYTES:
            raise _too_large(size)
        self._length = size or None

    def _take_length(self, length: int, parts: list[bytes]) -> bool:
        if len(self._buffer) < length:
            return False
        part = self._cut(length)
        if part.startswith(SOI):
            parts.append(part)
        else:  # sound or text, unless it calls itself a picture
            self.damaged += b"image" in self._headers.get(b"type", b"").lower()
        self._length = None
        self._headers.clear()
        return True

    def _walk(self, at: int, parts: list[bytes]) -> bool:
        """Go on through the markers of a JPEG that begins the buffer."""
        if self._in_scan:
            found = _MARKER_IN_SCAN.search(self._buffer, at)
            if found is None:
                self._at = max(at, len(self._buffer) - 1)
                return False
            at, self._in_scan = found.start(), False
        if len(self._buffer) < at + 2:
            self._at = at
            return False
        marker = self._buffer[at : at + 2]
        if marker == EOI:
            parts.append(self._cut(at + 2))
            self._at = None
            self._headers.clear()
            return True
        if marker[0] != 0xFF or marker == SOI or (marker[1] < LOWEST_MARKER and marker[1] not in STANDALONE):
            return self._give_up(at)
        return self._pass_segment(at, marker[1])

    def _pass_segment(self, at: int, marker: int) -> bool:
        if marker == 0xFF:  # fill byte
            self._at = at + 1
        elif marker in STANDALONE:
            self._at = at + 2
        elif len(self._buffer) < at + 4:
            self._at = at
            return False
        else:
            length = int.from_bytes(self._buffer[at + 2 : at + 4])
            if length < 2:
                return self._give_up(at)
            self._at, self._in_scan = at + 2 + length, marker == SOS
        return True

    def _give_up(self, at: int) -> bool:
        """The JPEG was cut off before this place, where the next one may begin."""
        self.damaged += 1
        self._cut(at)
        self._at = None
        self._headers.clear()
        return True

    def _cut(self, length: int) -> bytes:
        """Take that many bytes off the front of the buffer."""
        with memoryview(self._buffer) as view:
            data = bytes(view[:length])
        del self._buffer[:length]
        self._searched = 0
        return data


def _too_large(size: int) -> PartError:
    return PartError(f"a picture of {size} bytes, allowed: at most {MAX_PART_BYTES}")
