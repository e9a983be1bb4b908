"""Logs when a camera gets its first viewer and when it becomes idle, at a limited rate."""

import time
from collections.abc import Callable
from logging import Logger

BURST_LINES = 60
SECONDS_PER_LINE = 300.0
"""BURST_LINES at once and then a line in five minutes: 288 a day, which is less than 40 kB."""


class DemandLog:
    """Logs the rate that is wanted of a camera."""

    def __init__(self, logger: Logger, camera: str, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing logged.

        Args:
            logger: where the lines go.
            camera: its name in the configuration.
            now: the clock, in seconds.
        """
        self._logger = logger
        self._camera = camera
        self._now = now
        self._allowance = float(BURST_LINES)
        self._allowed_at = now()
        self._left_out = 0

    def changed(self, watched: bool, fps: float) -> None:
        """Log this change, unless there have been too many.

        Args:
            watched: whether the camera has viewers.
            fps: frames per second that it is asked for.
        """
        now = self._now()
        earned = (now - self._allowed_at) / SECONDS_PER_LINE
        self._allowance, self._allowed_at = min(BURST_LINES, self._allowance + earned), now
        if self._allowance < 1:
            self._left_out += 1
            return
        self._allowance -= 1
        left_out = f" (after {self._left_out} changes that are not logged)" if self._left_out else ""
        state = "is watched" if watched else "is idle"
        self._logger.info("camera %s %s: %g fps%s", self._camera, state, fps, left_out)
        self._left_out = 0
