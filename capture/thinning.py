"""Which frames of a camera to take, so that they are at most so many a second. Pure."""

JITTER = 0.25
"""Of a period: a frame that comes a little early still counts as the next one."""


class Thinning:
    """Takes the newest frame once in each period of a lower rate."""

    def __init__(self, fps: float) -> None:
        """Begin with a frame due.

        Args:
            fps: frames a second at most, on average.
        """
        self._period = 1 / fps
        self._due = float("-inf")

    def take(self, now: float) -> bool:
        """Whether to take the frame of this moment.

        The period counts from when the frame was due, so that jitter evens out, but never from further back than one
        period.

        Args:
            now: seconds of a monotonic clock.
        """
        if now < self._due - JITTER * self._period:
            return False
        self._due = max(self._due, now - self._period) + self._period
        return True
