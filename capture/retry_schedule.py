"""When to open a camera again after a failure: at once, then after growing pauses. Pure."""

import time
from collections.abc import Callable, Sequence

PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""The pause after the first failure, the second and so on; the last one repeats."""
MIN_SECONDS_BETWEEN_ATTEMPTS = 0.25
"""Also where a camera gives a picture after each opening, and where a device node that appears cuts a pause short."""
MIN_SECONDS_FOR_VIEWERS = 2.0
"""A viewer who comes cuts a pause short, but not below this since the last attempt: viewers may come and go."""


class RetrySchedule:
    """Counts the failures since the last picture, and says how long to wait after each."""

    def __init__(
        self, pauses_seconds: Sequence[float] = PAUSES_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without failures.

        Args:
            pauses_seconds: the pause after each failure in a row; the last one repeats.
            now: the clock, in seconds.
        """
        self._pauses = pauses_seconds
        self.failures = 0
        """Failures since the last picture."""
        self._now = now
        self._attempted_at = float("-inf")

    def attempt(self) -> None:
        """Note that the camera is being opened now."""
        self._attempted_at = self._now()

    def restart(self) -> None:
        """Note a picture, or a device that was plugged in: the pauses begin with the shortest one again."""
        self.failures = 0

    def fail(self) -> float:
        """Note a failure.

        Returns:
            Seconds to wait until the next attempt.
        """
        pause = self._pauses[min(self.failures, len(self._pauses) - 1)]
        self.failures += 1
        return max(pause, self.until(MIN_SECONDS_BETWEEN_ATTEMPTS))

    def until(self, seconds_after_attempt: float) -> float:
        """Seconds that are left until this long after the last attempt began; 0 when that has passed."""
        return max(0.0, self._attempted_at + seconds_after_attempt - self._now())
