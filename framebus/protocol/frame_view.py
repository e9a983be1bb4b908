"""A frame that lies in the message it came in: its header is read, and its picture is not copied."""

from functools import lru_cache

import msgspec

from framebus.protocol.wire import MAX_CAMERAS, MAX_MESSAGE_BYTES, FrameHeader, decode, parse, split

HEAD_BYTES = 2048
"""More than a first line and a header take, unless there is much camera_metadata."""


class FrameView(msgspec.Struct):
    """One picture of one camera. Its memory is that of the message, which lives as long as a view of it."""

    header: FrameHeader
    header_json: bytes
    """The header as it came."""
    jpeg: memoryview
    """The complete JPEG."""
    message: memoryview
    """All of the message."""
    missed: int = 0
    """Published frames between the last one handed over and this one."""

    @property
    def seq(self) -> int:
        """Number of the frame in its epoch."""
        return self.header.seq


def view(message: bytes | memoryview) -> FrameView:
    """Read the header of a frame. Raises WireError."""
    head = bytes(message[:HEAD_BYTES])
    parts = head.split(b"\n", 2)
    if len(parts) < 3 or len(message) > MAX_MESSAGE_BYTES:
        head = bytes(message)
        split(head)
        parts = head.split(b"\n", 2)
    first, header_json, rest = parts
    camera = _camera(first)
    header = decode(header_json, FrameHeader)
    if header.camera != camera:
        parse(head, FrameHeader)  # says so
    whole = memoryview(message)
    return FrameView(header, header_json, whole[len(head) - len(rest) :], whole)


@lru_cache(MAX_CAMERAS)
def _camera(first: bytes) -> str:
    """The camera that a first line names, which is the same in all messages of a subscription. Raises WireError."""
    return split(first + b"\n\n").camera
