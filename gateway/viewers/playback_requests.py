"""The messages by which a page asks for recordings: `seek` for a moment, `play` for a film. Pure."""

from typing import Annotated, Literal

import msgspec

from framebus.protocol.wire import MAX_COUNT, MAX_PIXELS, MAX_UNIX_SECONDS, CameraName

MOST_SPEED = 64.0
"""Times as fast as it was, forwards, or backwards where it is negative."""
LEAST_SPEED = 0.125

Moment = Annotated[float, msgspec.Meta(ge=0, le=MAX_UNIX_SECONDS)]
"""Unix seconds."""
RequestId = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Width = Annotated[float, msgspec.Meta(gt=0, le=MAX_PIXELS)]
"""Pixels of the screen that the picture covers."""


class Seek(msgspec.Struct, frozen=True):
    """Show one frame; without `at`: end the playback of the camera."""

    camera: CameraName
    at: Moment | None = None
    step: Literal[-1, 0, 1] = 0
    """0: the frame on the screen at that moment; 1: the first one after it; -1: the last one before it."""
    width: Width | None = None
    id: RequestId = 0


class Play(msgspec.Struct, frozen=True):
    """Show the frames from a moment on, as fast as they were taken, or faster, slower, or backwards."""

    camera: CameraName
    begin: Moment | None = msgspec.field(default=None, name="from")
    """None: from where the playback of the camera is."""
    speed: Annotated[float, msgspec.Meta(ge=-MOST_SPEED, le=MOST_SPEED)] = 1.0
    """0: pause."""
    width: Width | None = None
    id: RequestId = 0

    def __post_init__(self) -> None:
        """Raises ValueError, which msgspec reports as a mistake in the message."""
        if 0 < abs(self.speed) < LEAST_SPEED:
            raise ValueError(f"speed: found {self.speed}; allowed: 0, or {LEAST_SPEED} to {MOST_SPEED:g}")


class SeekMessage(msgspec.Struct, frozen=True):
    """{"seek": {"camera": "front", "at": 1767225600.5, "id": 7}}."""

    seek: Seek


class PlayMessage(msgspec.Struct, frozen=True):
    """{"play": {"camera": "front", "from": 1767225600.5, "speed": 4, "id": 8}}."""

    play: Play
