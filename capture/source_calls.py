"""Calls into a source: each is timed, so that a hang is detected, and every failure gets a reason."""

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from capture import unforeseen
from capture.source import SourceError, SourceStuck

logger = logging.getLogger("capture")


class UnforeseenError(SourceError):
    """The source raised something else than SourceError; the text says what."""


class SourceCalls:
    """Watches the calls of one thread into its source; other threads may ask how long the current one has taken."""

    def __init__(self, camera: str, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with no call.

        Args:
            camera: its name in the configuration.
            now: the clock, in seconds.
        """
        self.source_name = ""
        """What the source calls itself; empty until that is known."""
        self._camera = camera
        self._now = now
        self._since: float | None = None
        self._doing = ""
        self._tracebacks = unforeseen.TracebackLog(logger)

    @property
    def label(self) -> str:
        """The source's name, or the camera's while that is not known."""
        return self.source_name or f"camera {self._camera}"

    @property
    def under_way(self) -> bool:
        """Whether a call has not returned yet."""
        return self._since is not None

    def exceeds(self, limit_seconds: float) -> bool:
        """Whether the current call has taken longer than this."""
        since = self._since
        return since is not None and self._now() - since > limit_seconds

    def watch(self, doing: str) -> Self:
        """Time a call into the source, which is made in a `with` block. No such block is within another.

        Args:
            doing: what the call does, for the reason, such as "opening it".

        Raises:
            UnforeseenError: the call raised neither SourceError nor SourceStuck.
        """
        self._doing = doing
        return self

    def __enter__(self) -> None:
        self._since = self._now()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._since = None
        if error is not None and not isinstance(error, (SourceError, SourceStuck)):
            # Of a library, it may be anything; this thread has to go on.
            raise self.unforeseen(self._doing, error) from None

    def unforeseen(self, doing: str, error: BaseException) -> UnforeseenError:
        """The error for an exception that a source was not expected to raise; its traceback is logged once.

        Args:
            doing: what failed, such as "opening it".
            error: what was raised.
        """
        text = unforeseen.reason(self.label, doing, error)
        self._tracebacks.log(text, error)
        return UnforeseenError(text)
