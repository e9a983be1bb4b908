"""A frame as a subscriber gets it: the bytes of the JPEG and its header."""

import time
from dataclasses import dataclass
from typing import Any

import msgspec

from framebus.protocol.wire import FrameHeader


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera. It owns its bytes and may be kept, pickled, and shared between threads."""

    header: FrameHeader
    jpeg: bytes
    """The complete JPEG, from FF D8 to FF D9."""
    missed: int = 0
    """Published frames between the last one handed over and this one."""
    same_host: bool = True
    """Whether the camera's CLOCK_MONOTONIC is that of this machine."""

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.header.camera

    @property
    def seq(self) -> int:
        """Number of the frame in its epoch, from 1; rises by one per published frame."""
        return self.header.seq

    @property
    def epoch(self) -> str:
        """Identifies the run of the capture process that published this frame."""
        return self.header.epoch

    @property
    def captured(self) -> float:
        """When the sensor captured the frame, in Unix seconds."""
        return self.header.captured

    @property
    def age(self) -> float:
        """Seconds since the sensor captured the frame, as of now.

        On the camera's own host it uses the monotonic clock. From another host it uses both wall clocks, and is as
        accurate as they agree.
        """
        if self.same_host:
            return time.monotonic() - self.header.monotonic
        return time.time() - self.header.captured

    @property
    def width(self) -> int:
        """Pixels, before the orientation is applied."""
        return self.header.width

    @property
    def height(self) -> int:
        """Pixels, before the orientation is applied."""
        return self.header.height

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        return self.header.orientation

    @property
    def metadata(self) -> dict[str, Any]:
        """What the camera reports for the frame, such as `exposure_time`; empty where it reports nothing."""
        metadata = self.header.camera_metadata
        return {} if isinstance(metadata, msgspec.UnsetType) else metadata

    def __repr__(self) -> str:
        """Short: without the bytes of the JPEG."""
        return (
            f"<Frame {self.camera} #{self.seq} of epoch {self.epoch}, {self.width}x{self.height}, "
            f"{len(self.jpeg)} bytes, captured {self.captured:.3f}, missed {self.missed}>"
        )
