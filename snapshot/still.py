"""A frame as the snapshot service keeps it, and as it goes out."""

from dataclasses import dataclass

from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader, pack


@dataclass(frozen=True, slots=True)
class Still:
    """One picture and what is known of it."""

    header: FrameHeader
    jpeg: bytes

    @classmethod
    def of(cls, frame: Frame) -> "Still":
        """The picture of a frame."""
        return cls(frame.header, frame.jpeg)

    @property
    def reply(self) -> bytes:
        """What an asker gets: a `snapshot/` message."""
        return pack("snapshot", self.header.camera, self.header, self.jpeg)
