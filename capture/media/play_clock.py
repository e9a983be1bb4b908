"""Computes when each frame of a recording is due, from the recording's timestamps. Pure."""

LATE_SECONDS = 0.5
"""Later than this, and the recording goes on from where it is: no burst makes up for a pause."""
LONGEST_STEP_SECONDS = 60.0
"""A longer gap between two frames is taken for a broken time stamp."""


class PlayClock:
    """Counts from when the frame before was due, not from when it was shown: so nothing adds up, lap after lap."""

    def __init__(self, period_seconds: float) -> None:
        """`period_seconds` is what a frame takes that does not say."""
        self._period = period_seconds
        self._at: float | None = None
        self._due: float | None = None

    def new_lap(self) -> None:
        """The recording begins again: its times do, too."""
        self._at = None

    def due(self, at: float | None, now: float) -> float:
        """CLOCK_MONOTONIC seconds at which the frame is due that is `at` seconds into the recording."""
        step = self._period
        if at is not None and self._at is not None and 0 < at - self._at <= LONGEST_STEP_SECONDS:
            step = at - self._at
        self._at = at
        due = now if self._due is None else self._due + step
        self._due = now if now - due > LATE_SECONDS else due
        return self._due
