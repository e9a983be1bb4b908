"""Split the data of a viewer's connection into frames, and read the stamp of each. No sockets.

It must be cheap, as it runs beside what is measured: it reads only the head of a part.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

STAMP = b"\xff\xd8\xff\xfe\x00\x17TS"
"""Start of a frame of tests/v4l2shim.c; 19 digits of CLOCK_MONOTONIC in ns follow."""
STAMP_BYTES = len(STAMP) + 19
MAX_HEAD_BYTES = 2048
"""Limit for the head of a response, of a part, or of a message with its header."""
PING = 0x9


class Picture(NamedTuple):
    """A frame that was received completely."""

    stamp_ns: int
    """Time of capture; 0 without a stamp."""
    seq: int
    """Number of the frame on the websocket of the page; else 0."""


class Head(NamedTuple):
    """The head of a body."""

    length: int
    body: int
    """Bytes that follow."""
    picture: Picture | None
    """None if the body is no frame."""


class NotServed(Exception):
    """The server sent another response; the text is its beginning."""


class Parts(ABC):
    """The state of one connection."""

    def __init__(self) -> None:
        self.left = 0
        """Bytes of the current body that are still to come."""
        self.pings: list[bytes] = []
        """Payloads of pings that are to be answered."""
        self._unread = b""
        self._picture: Picture | None = None

    @abstractmethod
    def head(self, data: bytes) -> Head | None:
        """Read the head at the beginning of the data, and what is needed of the body; None if the data is too short."""

    def take(self, data: memoryview) -> list[Picture]:
        """Take received data; return the frames that it completes."""
        complete: list[Picture] = []
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
                    return complete
                beyond = head.length - len(
                    self._unread
                )  # negative when the beginning of the body is among the unread data
                self._unread = b""
                self.left = head.body + min(beyond, 0)
                at += max(beyond, 0)
                self._picture = head.picture
            if not self.left and self._picture is not None:
                complete.append(self._picture)
                self._picture = None
        return complete


class MjpegParts(Parts):
    """multipart/x-mixed-replace with Content-Length in each part, as framebus and ustreamer send it."""

    def head(self, data: bytes) -> Head | None:
        """Read the head of the response, or of a part with the boundary before it."""
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
        """Read the head of the response, or of a websocket frame (RFC 6455, section 5.2)."""
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
    """How much of a message is needed."""

    def picture(self, data: bytes, at: int) -> Picture | None:
        """Return the frame in the message that begins at `at`."""
        return Picture(stamp(data, at), 0)


class PageParts(SocketParts):
    """The page's websocket: messages of the wire format, frames and statuses."""

    needed_bytes = 1024
    """Limit for header and stamp of a frame."""

    def picture(self, data: bytes, at: int) -> Picture | None:
        """Return the frame of a `live/` message; None for any other."""
        if not data.startswith(b"live/", at):
            return None
        second_line = data.index(b"\n", at) + 1
        body = data.index(b"\n", second_line) + 1
        number = data.index(b'"seq":', second_line) + 6
        return Picture(stamp(data, body), int(data[number : data.index(b",", number)]))


def answer(data: bytes, end: int, status: bytes) -> Head:
    """Read the head of a response. Raises NotServed for another status."""
    if data.split(b" ", 2)[1] != status:
        raise NotServed(repr(data[:200]))
    return Head(end, 0, None)


def stamp(data: bytes, at: int) -> int:
    """Return the stamp of the JPEG that begins at `at`; 0 without one."""
    if not data.startswith(STAMP, at):
        return 0
    return int(data[at + len(STAMP) : at + STAMP_BYTES])
