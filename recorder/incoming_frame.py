"""A frame as the recorder gets it, in the bytes in which it is stored."""

from dataclasses import dataclass

from framebus.protocol.wire import FrameHeader


@dataclass(frozen=True, slots=True)
class IncomingFrame:
    """A frame, not decoded."""

    header: FrameHeader
    header_json: bytes
    """The same as it came: with all that a later version may have added."""
    jpeg: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.jpeg) + len(self.header_json)
