"""The interface of a camera source: one thread opens, reads and closes it, and each call may fail."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from capture.rate_control import RateControl
from framebus.errors import FramebusError
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture

if TYPE_CHECKING:
    pass

READ_LIMIT_SECONDS = 0.5
"""No `read` blocks for longer, so that the process can end soon at any time."""


class SourceError(FramebusError):
    """The camera cannot be opened or has stopped; the text is the reason, in words for its owner."""


class SourceStuck(FramebusError):
    """The camera's software hangs, and only a new process can use the camera again; the text says at what."""


class Source(ABC):
    """A kind of camera. One thread calls it: open, read …, close, and again; `close` also after a failure."""

    dropped = 0
    """Frames of the camera that were lost before the source got them, since the process began."""
    damaged = 0
    """Frames that the source itself threw away because they were incomplete, since the process began."""
    repairs: Mapping[str, int] = MappingProxyType({})
    """What was wrong with the camera's framing and was corrected, and how often, since the process began."""
    has_stills = False
    """Whether `still` gives pictures of another size than `read`."""
    orientation = 1
    """The EXIF orientation that its pictures are to be given; without what the camera turns by itself."""
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
    def flaw(self) -> str:
        """What is wrong with the frames that arrive, such as "the driver marks each as damaged"; else empty.

        It completes the reason when no picture comes for too long.
        """
        return ""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is, as the configuration would name it: never `auto`, and without secrets."""

    @abstractmethod
    def open(self) -> None:
        """Make it ready to be read. `close` is called after a failure too.

        Raises:
            SourceError: the camera cannot be opened.
            SourceStuck: only a new process can open it.
        """

    @abstractmethod
    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a frame is wanted, and take the newest one.

        Args:
            rate_control: says when a frame is wanted; each source knows best how to wait until then.
            seq: the number that the frame will bear, for a source that draws its pictures.

        Returns:
            The picture; None when none came within READ_LIMIT_SECONDS, or when the wanted rate changed meanwhile.

        Raises:
            SourceError: the camera is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the camera; also when it was not opened, or only in part.

        Raises:
            SourceStuck: it cannot be closed.
        """

    def still(self, seq: int) -> Picture | None:
        """Take the next picture in the size of stills; called between two calls of `read`, where `has_stills` is set.

        Args:
            seq: the number that the picture will bear.

        Returns:
            The picture; None when none came within READ_LIMIT_SECONDS and two frame periods.

        Raises:
            SourceError: the camera is gone.
        """
        raise NotImplementedError  # a source without stills of its own is asked for none

    def changed(self) -> bool:
        """Whether something has changed since the last call or `open` that makes opening worthwhile again.

        The reader asks about twice a second while it waits to open a camera that has failed: it must be cheap.
        """
        return False

    def controls(self) -> list[Control]:
        """What can be set in the open camera, and its values now.

        Raises:
            SourceError: the camera is gone.
        """
        return []

    def set_controls(self, values: dict[str, Value]) -> None:
        """Set controls of the open camera.

        Args:
            values: by name; each was checked against `controls()`.

        Raises:
            ControlError: the camera refuses one.
            SourceError: the camera is gone.
        """
        raise NotImplementedError  # a source without controls is asked to set none
