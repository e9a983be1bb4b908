"""The frame rate that is wanted: the loop sets it by demand, and the source keeps to it in the reader thread."""

import threading
import time
from collections.abc import Callable

HEADROOM = 1.02
"""A camera asked for 30 fps gives 30.02: only what is clearly too fast is thinned out."""


class RateControl:
    """The rate that the source keeps to, in frames a second; 0 while the camera is to be closed."""

    def __init__(self, fps: float = 0, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with a rate.

        Args:
            fps: frames a second.
            now: the clock, in seconds.
        """
        self._now = now
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self.fps = fps
        """The rate that is wanted now; for others to read, and for `set` to change."""
        self._due = now()
        self._stopped = False
        self.renditions = False
        """Whether frames are wanted smaller as well, so that a source may keep the pixels of its frames."""

    @property
    def wanted(self) -> bool:
        """Whether the camera is to be open at all."""
        return self.fps > 0 and not self._stopped

    @property
    def stopped(self) -> bool:
        """Whether the process ends."""
        return self._stopped

    def set(self, fps: float) -> None:
        """Change the rate. This ends a `wait`; where the rate rises, a frame is due at once."""
        with self._changed:
            if fps > self.fps:
                self._due = self._now()
            elif fps > 0:
                self._due = self._now() + 1 / fps
            self.fps = fps
            self._changed.notify_all()

    def stop(self) -> None:
        """End every `wait` and `pause`, for good."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def nudge(self) -> None:
        """End a `wait` or `pause` early: there is something else to do."""
        with self._changed:
            self._changed.notify_all()

    def due(self) -> bool:
        """Whether the next frame is wanted now."""
        return self.fps > 0 and not self._stopped and self._now() >= self._due

    def taken(self, *, own_clock: bool = True) -> None:
        """Note that a frame was taken: the next one is wanted a period later.

        The period counts from when this frame was due, so that jitter evens out, but never from further back than one
        period.

        Args:
            own_clock: whether the source has a clock of its own, and is thinned out with HEADROOM. One that goes by
                this clock alone keeps the rate exactly.
        """
        with self._lock:  # a rate that rises just now must not be given the period of the old one
            if self.fps > 0:
                period = 1 / (self.fps * HEADROOM) if own_clock and self.fps > 1 else 1 / self.fps
                self._due = max(self._due, self._now() - period) + period

    def wait(self, limit_seconds: float) -> bool:
        """Wait until a frame is due.

        Args:
            limit_seconds: how long to wait at most.

        Returns:
            Whether a frame is due. False comes early when the rate changes, when there is something else to do, or when
            the process ends: the caller comes back then.
        """
        if self.due():
            return True
        with self._changed:
            seconds = min(self._due - self._now(), limit_seconds)
            if self.wanted and seconds > 0:
                self._changed.wait(seconds)
            return self.due()

    def pause(self, seconds: float) -> None:
        """Wait for so long, or until the rate changes, there is something else to do, or the process ends."""
        with self._changed:
            if not self._stopped:
                self._changed.wait(seconds)
