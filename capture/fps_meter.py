"""Frames a second, as somebody looking at the picture would say it."""

from collections import deque

WINDOW_SECONDS = 2.0
SLOWEST_PERIOD_SECONDS = 60.0
"""A camera that is slower than a frame a minute counts as giving none."""
MOST_TIMES = 512


class FpsMeter:
    """Counts events and tells their rate of late; slow ones by their last two."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST_TIMES)

    def count(self, now: float) -> None:
        """Something happened, at this monotonic moment."""
        self._times.append(now)

    def per_second(self, now: float) -> float:
        """The rate; 0 once the next event is overdue by its own period."""
        while len(self._times) > 2 and self._times[0] < now - WINDOW_SECONDS:
            self._times.popleft()
        if len(self._times) < 2:
            return 0.0
        period = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        quiet = now - self._times[-1]
        if period <= 0 or quiet > max(WINDOW_SECONDS, 2 * period) or period > SLOWEST_PERIOD_SECONDS:
            return 0.0
        return 1 / period
