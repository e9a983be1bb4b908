"""A frame as a subscriber gets it: the picture's bytes and what is known of it."""

import time
from dataclasses import dataclass
from typing import Any

import msgspec

from framebus.protocol.wire import FrameHeader


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera. It owns its bytes and may be kept."""

    header: FrameHeader
    jpeg: bytes
    """The whole JPEG, from FF D8 to FF D9."""
    missed: int = 0
    """Published frames between the last one handed over and this one."""
    same_host: bool = True
    """Whether the camera's CLOCK_MONOTONIC is ours too."""

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.header.camera

    @property
    def seq(self) -> int:
        """Rises by one per published frame; begins anew with each epoch."""
        return self.header.seq

    @property
    def epoch(self) -> str:
        """The run of the capture process that published this."""
        return self.header.epoch

    @property
    def captured(self) -> float:
        """When the sensor took it: Unix seconds."""
        return self.header.captured

    @property
    def age(self) -> float:
        """Seconds since the sensor took it, as of now.

        By the monotonic clock on the camera's own host; from another host by both wall clocks, as good as they agree.
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
        """What the camera itself says of the picture (exposure, gain, …), under the camera's own names."""
        found = self.header.camera_metadata
        return {} if isinstance(found, msgspec.UnsetType) else found
