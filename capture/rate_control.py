"""How often a frame is wanted. Demand sets it in one thread, the source keeps to it in another."""

import threading
import time
from collections.abc import Callable

HEADROOM = 1.02
"""A camera asked for 30 fps gives 30.02: only what is clearly too fast is thinned out."""


class RateControl:
    """The rate that the source shall keep to, in frames a second; 0 while it shall be closed."""

    def __init__(self, fps: float = 0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._fps = fps
        self._due = now()
        self._stopped = False

    @property
    def fps(self) -> float:
        """The rate of the moment."""
        return self._fps

    @property
    def wanted(self) -> bool:
        """Whether the camera shall be open at all."""
        return self._fps > 0 and not self._stopped

    @property
    def stopped(self) -> bool:
        """Whether the process ends."""
        return self._stopped

    def set(self, fps: float) -> None:
        """Change the rate; one who waits for the next frame is woken, and gets a frame at once where the rate rises."""
        with self._changed:
            if fps > self._fps:
                self._due = self._now()
            elif fps > 0:
                self._due = self._now() + 1 / fps
            self._fps = fps
            self._changed.notify_all()

    def stop(self) -> None:
        """Wake everybody, for good."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def nudge(self) -> None:
        """Wake who waits in `wait` or `pause`: there is something else to do."""
        with self._changed:
            self._changed.notify_all()

    def due(self) -> bool:
        """Whether the next frame is wanted now."""
        return self.wanted and self._now() >= self._due

    def taken(self, *, own_clock: bool = True) -> None:
        """A frame was taken: the next one is wanted a period later.

        Counted from when this one was due, so that jitter evens out, but never further back than one period. A source
        with a clock of its own is thinned with HEADROOM; one that goes by this clock alone keeps the rate exactly.
        """
        with self._changed:  # a rate that rises just now must not be given the period of the old one
            if self._fps > 0:
                period = 1 / (self._fps * HEADROOM) if own_clock and self._fps > 1 else 1 / self._fps
                self._due = max(self._due, self._now() - period) + period

    def wait(self, limit_seconds: float) -> bool:
        """Let the time pass until a frame is due, for at most the limit; returns whether it is.

        Ends early, and says False, when the rate changes, something else is to be done, or the process ends: the caller
        comes back then.
        """
        with self._changed:
            seconds = min(self._due - self._now(), limit_seconds)
            if self.wanted and seconds > 0:
                self._changed.wait(seconds)
            return self.due()

    def pause(self, seconds: float) -> None:
        """Let the time pass, unless the rate changes, something else is to be done, or the process ends."""
        with self._changed:
            if not self._stopped:
                self._changed.wait(seconds)
