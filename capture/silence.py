"""Detects that an open camera has given no picture for too long. Pure."""

import time
from collections.abc import Callable


class Silence:
    """Begins with each picture, and when the camera is opened."""

    def __init__(self, patience_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """Begin now.

        Args:
            patience_seconds: how long the camera may give nothing, beyond two frame periods.
            now: the clock, in seconds.
        """
        self._patience = patience_seconds
        self._now = now
        self.end(float("inf"))

    def end(self, fps: float) -> None:
        """Note a complete picture.

        Args:
            fps: the rate that is asked for now.
        """
        self._since = self._now()
        self._slowest_fps = fps

    def exceeded(self, fps: float, waiting_seconds: float = 0) -> float:
        """Tell whether the camera has been silent for too long; to be called about twice a second while it is.

        The slowest rate since the last picture counts, so that an idle period does not count once a viewer comes, and
        viewers that come and go do not restart the timeout.

        Args:
            fps: the rate that is asked for now, more than 0.
            waiting_seconds: how long the camera may wait for something that it has named.

        Returns:
            The seconds of silence; 0 while they are not too many.
        """
        self._slowest_fps = min(self._slowest_fps, fps)
        silent = self._now() - self._since
        return silent if silent > max(self._patience, waiting_seconds) + 2 / self._slowest_fps else 0.0
