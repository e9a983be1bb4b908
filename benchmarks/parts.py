"""Cuts what a viewer's connection gives into pictures, and reads the camera's stamp in each. No sockets.

It must cost next to nothing, since it runs beside what is measured: only the head of a part is ever looked at.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

STAMP = b"\xff\xd8\xff\xfe\x00\x17TS"
"""How a picture of tests/v4l2shim.c begins; 19 digits follow, CLOCK_MONOTONIC in ns."""
STAMP_BYTES = len(STAMP) + 19
MAX_HEAD_BYTES = 2048
"""No head is longer, be it of an answer, of a part or of a message with its header."""
PING = 0x9


class Picture(NamedTuple):
    """A picture that the viewer has whole."""

    stamp_ns: int
    """When the camera took it; 0 where it is not stamped."""
    seq: int
    """Of the frame, where the page's websocket tells it; else 0."""


class Head(NamedTuple):
    """What precedes a body, and what is known of it."""

    length: int
    body: int
    """Bytes that follow."""
    picture: Picture | None
    """None for what is none, as the answer to the request."""


class NotServed(Exception):
    """The server answered with something else; the text is how its answer begins."""


class Parts(ABC):
    """One connection's state."""

    def __init__(self) -> None:
        self.left = 0
        """Bytes of the present body that are still to come: less than these need not be looked at."""
        self.pings: list[bytes] = []
        """What pings said that have to be answered."""
        self._unread = b""
        self._picture: Picture | None = None

    @abstractmethod
    def head(self, data: bytes) -> Head | None:
        """Read the head that the bytes begin with, and as much of the body as says what it is; None if too short."""

    def take(self, data: memoryview) -> list[Picture]:
        """What has come; returns the pictures that it completes."""
        whole: list[Picture] = []
        at = 0
        while at < len(data):
            if self.left:
                step = min(self.left, len(data) - at)
                self.left -= step
                at += step
            else:
                seen = self._unread + bytes(data[at : at + MAX_HEAD_BYTES])
                head = self.head(seen)
                if head is None:
                    if len(seen) > MAX_HEAD_BYTES:
                        raise NotServed(repr(seen[:200]))
                    self._unread = seen
                    return whole
                beyond = head.length - len(self._unread)  # less than nothing when the body's begin is among the unread
                self._unread = b""
                self.left = head.body + min(beyond, 0)
                at += max(beyond, 0)
                self._picture = head.picture
            if not self.left and self._picture is not None:
                whole.append(self._picture)
                self._picture = None
        return whole


class MjpegParts(Parts):
    """multipart/x-mixed-replace, as framebus and ustreamer send it: each part with its Content-Length."""

    def head(self, data: bytes) -> Head | None:
        """The answer's head, or a part's with the boundary before it."""
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        if data.startswith(b"HTTP/"):
            return answer(data, end, b"200")
        named = data.find(b"Content-Length: ", 0, end)
        if named < 0:
            raise NotServed(repr(data[:200]))
        body = int(data[named + 16 : data.index(b"\r", named)])
        if len(data) < end + min(body, STAMP_BYTES):
            return None
        return Head(end, body, Picture(stamp(data, end), 0))


class SocketParts(Parts):
    """Messages of a websocket, each a bare JPEG."""

    def head(self, data: bytes) -> Head | None:
        """The answer's head, or that of a frame (RFC 6455, section 5.2)."""
        if data.startswith(b"HTTP"):
            end = data.find(b"\r\n\r\n") + 4
            return answer(data, end, b"101") if end >= 4 else None
        if len(data) < 2:
            return None
        length, body = 2, data[1]
        if body > 125:
            length = 4 if body == 126 else 10
            body = int.from_bytes(data[2:length])
        if len(data) < length + min(body, self.needed_bytes):
            return None
        if data[0] & 0xF == PING:
            self.pings.append(data[length : length + body])
            return Head(length, body, None)
        return Head(length, body, self.picture(data, length))

    needed_bytes = STAMP_BYTES
    """How much of a message says what it is."""

    def picture(self, data: bytes, at: int) -> Picture | None:
        """What the message that begins here shows."""
        return Picture(stamp(data, at), 0)


class PageParts(SocketParts):
    """The page's websocket: messages of the wire format, frames and statuses."""

    needed_bytes = 1024
    """Header and stamp of a frame have less than this."""

    def picture(self, data: bytes, at: int) -> Picture | None:
        """A frame's; a status, and what the server says as text, shows nothing."""
        if not data.startswith(b"live/", at):
            return None
        second_line = data.index(b"\n", at) + 1
        body = data.index(b"\n", second_line) + 1
        number = data.index(b'"seq":', second_line) + 6
        return Picture(stamp(data, body), int(data[number : data.index(b",", number)]))


def answer(data: bytes, end: int, status: bytes) -> Head:
    """The head of an answer that must have this status. Raises NotServed."""
    if data.split(b" ", 2)[1] != status:
        raise NotServed(repr(data[:200]))
    return Head(end, 0, None)


def stamp(data: bytes, at: int) -> int:
    """The stamp of the JPEG that begins here; 0 if it has none."""
    if not data.startswith(STAMP, at):
        return 0
    return int(data[at + len(STAMP) : at + STAMP_BYTES])
