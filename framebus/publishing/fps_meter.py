"""Frames a second, as a person who looks at the picture would count them. Pure."""

from collections import deque

WINDOW_SECONDS = 2.0
SLOWEST_PERIOD_SECONDS = 60.0
"""A camera that is slower than a frame a minute counts as giving none."""
MOST_TIMES = 512
"""Frames within the window at 240 fps, and some more."""


class FpsMeter:
    """Counts frames and tells their recent rate; a slow one by the last two frames."""

    def __init__(self) -> None:
        """Begin with none counted."""
        self._times: deque[float] = deque(maxlen=MOST_TIMES)

    def count(self, now: float) -> None:
        """Count a frame; `now` is in CLOCK_MONOTONIC seconds."""
        self._times.append(now)

    def per_second(self, now: float) -> float:
        """The rate at `now`; 0 once the next frame is overdue by its own period."""
        while len(self._times) > 2 and self._times[0] < now - WINDOW_SECONDS:
            self._times.popleft()
        if len(self._times) < 2:
            return 0.0
        period = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        quiet = now - self._times[-1]
        if period <= 0 or quiet > max(WINDOW_SECONDS, 2 * period) or period > SLOWEST_PERIOD_SECONDS:
            return 0.0
        return 1 / period
