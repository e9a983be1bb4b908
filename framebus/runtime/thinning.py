"""Which frames of a camera to take, so that they are at most so many a second. Pure."""

JITTER = 0.25
MOST_JITTER_SECONDS = 0.02
"""A frame that comes early by this part of a period, and by no more than this, still counts as the next one."""


class Thinning:
    """Takes the newest frame once in each period of a lower rate."""

    def __init__(self, fps: float) -> None:
        """Begin with a frame due.

        Args:
            fps: frames a second at most, on average.
        """
        self.period = 1 / fps
        """Seconds."""
        self._jitter = min(JITTER * self.period, MOST_JITTER_SECONDS)
        self._due = float("-inf")

    def take(self, now: float) -> bool:
        """Whether to take the frame of this moment.

        The period counts from when the frame was due, so that jitter evens out; after a pause, from now.

        Args:
            now: seconds of a monotonic clock.
        """
        if not self.is_due(now):
            return False
        self.took(now)
        return True

    def is_due(self, now: float) -> bool:
        """Whether the frame of this moment may be taken."""
        return now >= self._due - self._jitter

    def took(self, now: float) -> None:
        """Note that the frame of this moment is taken."""
        is_pause = now - self._due > self.period
        self._due = (now if is_pause else self._due) + self.period

    def wait_seconds(self, now: float) -> float:
        """How long to wait for a newer frame, before one that came too early is taken after all: a period at most.

        Args:
            now: seconds of a monotonic clock.
        """
        return min(max(0.0, self._due + self._jitter - now), self.period)
