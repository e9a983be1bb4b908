"""Parses the JPEGs from the body of a multipart/x-mixed-replace answer; http_stream has the socket.

The boundary in the answer's header is never compared. Cameras disagree with it: dashes too many or too few, quotes,
another word altogether, none before the first part, a bare LF. Nor is the Content-Length of a picture believed: it is a
buffer's size, or off by some bytes. A JPEG says by itself where it ends (ITU-T T.81, annex B), so a picture is complete
with its last byte, and does not wait for the delimiter, which many cameras send with the next one. The length serves to
skip parts that are no pictures; the delimiter, learned from the body, to find the next part.
"""

import re
from collections import Counter

from capture.media import reasons
from capture.media.picture_decoder import is_picture
from capture.media.repeated_pictures import RepeatedPictures
from framebus.errors import FramebusError
from framebus.protocol.jpeg import SOI
from framebus.protocol.wire import MAX_MESSAGE_BYTES
from framebus.publishing.jpeg import Jpeg, JpegError
from framebus.publishing.jpeg_walker import JpegWalker

MAX_PART_BYTES = MAX_MESSAGE_BYTES
MAX_KIND_LETTERS = 50
MAX_LINE_BYTES = 64 * 1024
"""More than this without a line end is no header, and thrown away."""
MIN_DELIMITER_BYTES = 6
"""A shorter delimiter may stand in the middle of a picture by chance, too."""
MAX_AHEAD_BYTES = 1024
"""In a part with a length, a JPEG is looked for behind at most so many other bytes."""
OTHER_TYPES = (b"264", b"265", b"hevc", b"/png", b"/webp", b"/gif", b"/bmp", b"/tiff")
"""Parts whose type has one of these are pictures too: of H.264 or H.265, or of other formats."""
NO_PICTURE_TYPES = (b"audio/", b"video/", b"application/json", b"application/xml", b"text/xml")
"""Parts that say they are of these are never searched for a JPEG."""

REPEATS_SHARE = 0.8
"""Of the patience, for one that only repeats its last picture: where there is no picture at all, the session ends after
the patience, and a process that tries again does not know the last picture."""

LENGTH_TOO_LARGE = "Content-Length larger than the picture, ignored"
LENGTH_TOO_SMALL = "Content-Length smaller than the picture, ignored"
NOT_FIRST = "another picture in the same part ignored"
"""What `JpegParts.repairs` may count."""

_HEADER = re.compile(rb"content-(type|length)[ \t]*:[ \t]*(.*)", re.IGNORECASE)
_TIMESTAMP = re.compile(rb"x-timestamp[ \t]*:[ \t]*(.*)", re.IGNORECASE)
_LINES_AT_END = re.compile(rb"(?:\r?\n[ -~]*)+\Z")
_BEGIN = SOI + b"\xff"


class PartError(FramebusError, ValueError):
    """What makes it pointless to read on."""


class JpegParts:
    """Feed it what comes; it gives back each JPEG as soon as that is complete, byte for byte."""

    def __init__(self, max_part_bytes: int = MAX_PART_BYTES, repeated: RepeatedPictures | None = None) -> None:
        """No picture may have more than `max_part_bytes`. `repeated` knows the last one of an earlier connection."""
        self._max_part_bytes = max_part_bytes
        self._repeated = repeated or RepeatedPictures()
        self.timestamp = b""
        """X-Timestamp of the picture that comes next; of the part, or of the answer where that is one picture."""
        self.is_repeating = False
        """Whether the last picture was one that had come before. It is not given back."""
        self.damaged = 0
        """Pictures that were cut off or were no JPEG."""
        self.other_kind = ""
        """What the last part that was no picture says it is."""
        self.others: list[bytes] = []
        """Pictures of other kinds that `feed` has found; the reader clears this."""
        self.repairs: Counter[str] = Counter()
        """What was wrong with the framing and did not matter, for people to read."""
        self._buffer = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._delimiter = b""
        """The delimiter line, as the body has it."""
        self._line = b""
        """The last line that is neither a header nor empty."""
        self._length: int | None = None
        """Of the part being taken, as its header says."""
        self._passed = 0
        """How many bytes of this part have been taken off the buffer."""
        self._in_body = False
        """Whether the part is being taken by its length."""
        self._walker: JpegWalker | None = None
        self._done = False
        """Whether this part has given its picture: the rest of it, such as a gain map, is skipped."""
        self._searched = 0
        self._skips = False
        """Whether all is skipped up to the next delimiter."""
        self._tried_length = False
        self.ended_by_next = False
        """Whether the first picture that `feed` gave back last had come before: what followed it showed its end."""

    @property
    def inside_picture(self) -> bool:
        """Whether a picture has begun and is not complete yet."""
        return self._walker is not None or self._in_body

    def feed(self, data: bytes) -> list[bytes]:
        """The pictures that these bytes complete.

        Raises PartError for a part that is larger than its limit, or says that it will be.
        """
        self._buffer += data
        self.ended_by_next = False
        parts: list[bytes] = []
        while self._advance(parts):
            pass
        if len(self._buffer) > self._max_part_bytes:
            raise too_large(len(self._buffer), self._max_part_bytes)
        return parts

    def end(self, *, complete: bool = True) -> list[bytes]:
        """The answer is over: a picture that lacks nothing but its end of image is given back, any other is damaged.

        `complete` says whether the answer came to its proper end.
        """
        parts: list[bytes] = []
        if self._walker is not None and complete:
            self._take_without_end(len(self._buffer), parts)
        else:
            self.damaged += self.inside_picture
        self.reset()
        return parts

    def reset(self) -> None:
        """Forget what has come of a picture that is not complete."""
        self._buffer.clear()
        self._walker, self._in_body, self._done = None, False, False
        self._begin_part()
        self._searched = 0
        self._skips = False

    def stall(self, name: str, silent_seconds: float, patience: float) -> str:
        """Why the camera of this name counts as stalled, although it sends data; empty while it does not.

        Args:
            name: of the camera.
            silent_seconds: how long it has given no picture.
            patience: how long it may, in seconds.
        """
        if self.is_repeating:
            return reasons.repeats(name) if silent_seconds > REPEATS_SHARE * patience else ""
        return reasons.no_jpeg(name, patience, self.other_kind) if silent_seconds > patience else ""

    @property
    def may_skip(self) -> bool:
        """Whether the delimiter is known, and long enough to be found in the middle of a picture."""
        return len(self._delimiter) >= MIN_DELIMITER_BYTES

    def skip(self) -> None:
        """Go on at the next delimiter: some of what was sent will not be fed.

        Until then, the beginning of a picture is none: it may be a small one within another.
        """
        self.reset()
        self._skips = True

    def _advance(self, parts: list[bytes]) -> bool:
        """Do what can be done with one part, or one line; returns whether there may be more to do."""
        if self._skips:
            return self._skip()
        if self._walker is not None:
            return self._walk(self._walker, parts)
        if self._in_body:
            return self._take_body()
        return self._take_line()

    def _skip(self) -> bool:
        begin = self._buffer.find(self._delimiter)
        self._skips = begin < 0
        self._cut(max(0, len(self._buffer) - len(self._delimiter)) if self._skips else begin)
        return not self._skips

    # --- lines --------------------------------------------------------------------------------------------------------

    def _take_line(self) -> bool:
        if not self._done and self._buffer.startswith(SOI):
            self._begin_picture(0)
            return True
        newline = self._buffer.find(b"\n", self._searched)
        begin = -1 if self._done else self._buffer.find(_BEGIN, max(0, self._searched - 2))
        if begin >= 0 and (newline < 0 or begin < newline):
            self._begin_picture(begin)
            return True
        if newline < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                self._cut(len(self._buffer) - 2)
            self._searched = len(self._buffer)
            return False
        self._read_line(self._cut(newline + 1).strip())
        return True

    def _read_line(self, line: bytes) -> None:
        header = _HEADER.match(line)
        if header is not None:
            if self._done:
                self._begin_part()
            if not self._headers and self._line.isalnum():  # a delimiter without dashes
                self._delimiter = self._line
            self._headers[header[1].lower()] = header[2]
            self._done = False
        elif line.startswith(b"--") or (line and line == self._delimiter):
            self._begin_part()
            self._delimiter, self._done, self._line = line, False, b""
        elif line:
            self._line = line
            timestamp = _TIMESTAMP.match(line)
            self.timestamp = timestamp[1] if timestamp else self.timestamp
        elif not line and not self._done:
            self._begin_body()

    def _begin_part(self) -> None:
        if self._done and self._length is not None and self._passed < self._length:
            self.repairs[LENGTH_TOO_LARGE] += 1
        self._headers.clear()
        self._length, self._passed, self.timestamp = None, 0, b""

    def _begin_body(self) -> None:
        """Without a length nothing begins here: a JPEG is known by its first bytes, all else is skipped as lines."""
        length = self._headers.pop(b"length", b"")
        if not length.isdigit():
            if not (self._is_other and self._delimiter):
                return
            length = str(MAX_PART_BYTES).encode()
        size = int(length[:20])
        if size > self._max_part_bytes:
            raise too_large(size, self._max_part_bytes)
        self._length, self._passed, self._in_body = size or None, 0, size > 0

    # --- bodies -------------------------------------------------------------------------------------------------------

    @property
    def _is_other(self) -> bool:
        kind = self._headers.get(b"type", b"").lower()
        return any(word in kind for word in OTHER_TYPES)

    def _take_body(self) -> bool:
        """Look for a JPEG at the beginning of a part with a length, else skip the part."""
        assert self._length is not None
        kind = self._headers.get(b"type", b"").lower()
        if not kind.startswith(NO_PICTURE_TYPES):
            begin = self._buffer.find(_BEGIN, 0, min(self._length, MAX_AHEAD_BYTES) + len(_BEGIN))
            if begin < 0 and self._buffer.startswith(SOI) and self._length > len(SOI):
                begin = 0
            if begin >= 0:
                self._in_body = False
                self._begin_picture(begin)
                return True
        if self._delimiter:
            begin = max(0, self._searched - len(self._delimiter))
            delimiter = self._buffer.find(b"\n" + self._delimiter, begin, self._length)
            if delimiter >= 0:
                return self._skip_body(delimiter, kind)
        self._searched = len(self._buffer)
        return len(self._buffer) >= self._length and self._skip_body(self._length, kind)

    def _skip_body(self, length: int, kind: bytes) -> bool:
        """A part that is no picture; it is damaged where it says that it is one."""
        is_image = b"image" in kind
        if self._is_other and (not is_image or is_picture(self._buffer[:length])):
            self.others.append(bytes(self._buffer[:length]))
        else:
            self.damaged += is_image
        self.other_kind = kind.partition(b";")[0].strip().decode("ascii", "replace")[:MAX_KIND_LETTERS]
        if not self.other_kind.isprintable():
            self.other_kind = ""
        self._cut(length)
        self._in_body = False
        self._headers.clear()
        self._length = None
        return True

    # --- pictures -----------------------------------------------------------------------------------------------------

    def _begin_picture(self, ahead: int) -> None:
        self._cut(ahead)
        self._walker = JpegWalker(delimiter=self._delimiter)
        self._tried_length = False

    def _walk(self, walker: JpegWalker, parts: list[bytes]) -> bool:
        """Go on through the markers of the JPEG that begins the buffer."""
        match walker.walk(self._buffer):
            case "more":
                return self._ends_with_its_length(walker, parts)
            case "end":
                self._note_length(walker.at)
                self._give(self._cut(walker.at), parts)
                self._end_picture()
            case "cut":
                self._take_without_end(walker.at, parts)
        return True

    def _ends_with_its_length(self, walker: JpegWalker, parts: list[bytes]) -> bool:
        """Whether a picture without an end of image is complete at the end of its part: it need not wait for the next.

        Where the length is wrong, the picture is not complete there, and goes on.
        """
        left = None if self._length is None else self._length - self._passed
        if self._tried_length or not walker.has_scan or left is None or not 0 < left <= len(self._buffer):
            return False
        self._tried_length = True
        try:
            jpeg = Jpeg.parse(bytes(self._buffer[:left])).data
        except JpegError:
            return False
        self._cut(left)
        self._give(jpeg, parts)
        self._end_picture()
        return True

    def _note_length(self, size: int) -> None:
        if self._length is not None and self._passed + size > self._length:
            self.repairs[LENGTH_TOO_SMALL] += 1

    def _take_without_end(self, length: int, parts: list[bytes]) -> None:
        """The picture stops at this place, where the next one or the delimiter begins."""
        walker, self._walker = self._walker, None
        assert walker is not None
        self.ended_by_next = True
        lines = _LINES_AT_END.search(self._buffer, max(0, length - MAX_AHEAD_BYTES), length)
        data = self._cut(lines.start() if lines else length)
        if walker.has_scan:
            try:
                self._give(Jpeg.parse(data).data, parts)
            except JpegError:
                self.damaged += 1
            else:
                self._end_picture()
            return
        if not walker.segments and self._buffer.startswith(b"\xff\xd9"):  # an empty picture, ahead of the real one
            self._cut(2)
            return
        self.damaged += 1
        self._headers.clear()

    def _give(self, jpeg: bytes, parts: list[bytes]) -> None:
        """Give a complete picture back, unless it is the one before."""
        self.is_repeating = self._repeated.is_repeat(self.timestamp, jpeg)
        if not self.is_repeating:
            parts.append(jpeg)

    def _end_picture(self) -> None:
        self._walker, self.timestamp = None, b""
        self._done = bool(self._delimiter or self._headers or self._length)
        self._headers.clear()

    def _cut(self, length: int) -> bytes:
        """Take that many bytes off the front of the buffer."""
        with memoryview(self._buffer) as view:
            data = bytes(view[:length])
        del self._buffer[:length]
        self._searched = 0
        self._passed += length
        return data


def too_large(size: int, limit: int = MAX_PART_BYTES) -> PartError:
    """What is wrong with a picture of so many bytes."""
    return PartError(f"a picture of {size} bytes, allowed: at most {limit}")
