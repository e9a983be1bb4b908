"""Computes capture times of a live stream from its timestamps and the arrival of its packets.

A packet can be late, never early. So the smallest difference between arrival and time stamp is what the way takes at
least, and a picture whose difference is larger is older than it looks.
"""

import time

import msgspec

WINDOW_SECONDS = 300.0
"""The smallest difference of this window and the one before counts: the camera's clock and ours drift apart."""
LEAP_BACK_SECONDS = 1.0
"""Time stamps that go back further were reset; those of B frames go back by less."""
MOST_LAG_SECONDS = 10.0
"""A difference that has grown further while packets came steadily is no backlog but a clock that runs too slowly."""
STEADY_SECONDS = 1.0


class Moment(msgspec.Struct, frozen=True):
    """One moment on both clocks."""

    captured: float
    """Unix seconds."""
    monotonic: float
    """CLOCK_MONOTONIC seconds."""

    @classmethod
    def at(cls, monotonic: float) -> "Moment":
        """The moment of CLOCK_MONOTONIC, which is not in the future."""
        return cls(time.time() - max(0.0, time.monotonic() - monotonic), monotonic)


class StreamClock:
    """Tells when each picture was taken, on the clock of this machine."""

    def __init__(self) -> None:
        self._offset: float | None = None
        """The smallest difference of this window."""
        self._earlier: float | None = None
        """That of the window before."""
        self._began = 0.0
        self._last: tuple[float, float] | None = None

    def taken(self, at: float, arrival: float) -> float:
        """CLOCK_MONOTONIC seconds at which a picture was taken, at most `arrival`.

        Args:
            at: The picture's time stamp, in seconds of the stream's clock.
            arrival: CLOCK_MONOTONIC seconds at which its last packet came in.
        """
        difference = arrival - at
        if self._last is not None and self._has_leapt(at, arrival, *self._last):
            self._offset = self._earlier = None
        self._last = (at, arrival)
        if self._offset is None or arrival - self._began > WINDOW_SECONDS:
            self._earlier, self._offset, self._began = self._offset, difference, arrival
        self._offset = min(self._offset, difference)
        smallest = self._offset if self._earlier is None else min(self._offset, self._earlier)
        return min(arrival, at + smallest)

    def _has_leapt(self, at: float, arrival: float, last_at: float, last_arrival: float) -> bool:
        if at < last_at - LEAP_BACK_SECONDS:
            return True
        assert self._offset is not None  # there was a picture before
        smallest = self._offset if self._earlier is None else min(self._offset, self._earlier)
        lag, last_lag = arrival - at - smallest, last_arrival - last_at - smallest
        steady = arrival - last_arrival < STEADY_SECONDS
        return steady and lag > MOST_LAG_SECONDS and lag > last_lag
