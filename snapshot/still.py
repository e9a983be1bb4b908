"""A frame as the snapshot service keeps and sends it."""

import msgspec

from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader, pack


class Still(msgspec.Struct, frozen=True):
    """One picture and its header."""

    header: FrameHeader
    jpeg: bytes

    @classmethod
    def of(cls, frame: Frame) -> "Still":
        """Return the still of a frame."""
        return cls(frame.header, frame.jpeg)

    @property
    def reply(self) -> bytes:
        """The reply with this picture: a `snapshot/` message."""
        return pack("snapshot", self.header.camera, self.header, self.jpeg)
