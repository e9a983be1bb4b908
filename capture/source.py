"""What a camera is to the rest of capture: something that is opened, read and closed, in one thread, and may fail."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from capture.rate_control import RateControl
from framebus.errors import FramebusError
from framebus.protocol.controls import Control, Value

READ_LIMIT_SECONDS = 0.5
"""No `read` blocks for longer, so that the end of the process is never far."""


class SourceError(FramebusError):
    """The camera cannot be opened or has stopped; the text is the reason, in words for its owner."""


class SourceStuck(FramebusError):
    """The camera's software hangs, and only a new process can use the camera again; the text says at what."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One JPEG as a source hands it over, not yet checked."""

    jpeg: bytes
    captured: float
    """Unix seconds at which the sensor took it, or the nearest moment that is known."""
    monotonic: float
    """CLOCK_MONOTONIC seconds of the same moment."""
    metadata: dict[str, Any] = field(default_factory=dict)


class Source(ABC):
    """A kind of camera. One thread calls it: open, read …, close, and again; `close` also after a failure."""

    dropped = 0
    """Frames of the camera that were lost before they reached us, since the process began."""
    damaged = 0
    """Frames that the source itself threw away because they were not whole, since the process began."""
    repairs: Mapping[str, int] = MappingProxyType({})
    """What was wrong with the camera's framing and was put right, and how often, since the process began."""
    has_stills = False
    """Whether `still` gives pictures of another size than `read`."""
    orientation = 1
    """The EXIF orientation that its pictures are to be given; what a camera turns by itself is not in it any more."""

    call_limit_seconds = 10.0
    """The longest that a call into this source may legitimately take, in seconds; a call that takes longer hangs."""
    waiting_limit_seconds = 30.0
    """How long `waiting` is accepted before the reader opens the source again."""

    @property
    def waiting(self) -> str:
        """Why there is no picture yet although the camera sends data, such as "waiting for a key frame"; else empty.

        The status shows it as the reason. While it is not empty, the reader does not open the source again for
        `waiting_limit_seconds`. Another thread may read it during any call.
        """
        return ""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is, as the config would say it: never `auto`, and no secret in it."""

    @abstractmethod
    def open(self) -> None:
        """Make it ready to be read.

        Raises SourceError; `close` is called all the same. Raises SourceStuck when nothing but a new process can help.
        """

    @abstractmethod
    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """The newest frame, as soon as `pace` wants one: the source knows best how to let the time until then pass.

        Returns None when none came within READ_LIMIT_SECONDS, or when the pace changed meanwhile. `seq` is the number
        that the frame will bear, for a source that draws its pictures. Raises SourceError when the camera is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the camera; also when it was not opened, or not wholly. Raises SourceStuck when it cannot."""

    def still(self, seq: int) -> Picture | None:
        """The next picture in the size of stills; called in between two calls of `read`, where `has_stills` says so.

        Returns None when none came within READ_LIMIT_SECONDS. Raises SourceError when the camera is gone.
        """
        raise NotImplementedError  # a source without stills of its own is asked for none

    def controls(self) -> list[Control]:
        """What can be set in the open camera, and how it is set now. Raises SourceError when the camera is gone."""
        return []

    def set_controls(self, values: dict[str, Value]) -> None:
        """Set these in the open camera; each was checked against `controls()`, and the names are of there.

        Raises ControlError when the camera refuses one, SourceError when it is gone.
        """
        raise NotImplementedError  # a source without controls is asked to set none
