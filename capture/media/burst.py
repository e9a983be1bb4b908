"""Recognizes pictures that have waited: after this process or the network stood still, several come at once.

The moment at which such a picture is read says nothing about its age. Only the last of them is a new one.
"""

LATE_SECONDS = 0.3
"""A pause in which several pictures of most cameras would have come."""
LATE_PERIODS = 2
"""A pause that is no longer is normal for a slow camera."""
WAITED_SECONDS = 0.01
"""A read that takes longer had to wait: what came before was read."""
SETTLE_SECONDS = 0.05
"""How long a picture that has waited is not used, as a newer one is likely to follow at once."""


class Burst:
    """For one answer. Times are seconds of CLOCK_MONOTONIC."""

    def __init__(self, began_at: float) -> None:
        """Begin without a burst; `began_at` is when the answer began."""
        self._read_at = began_at
        self._is_burst = False

    def note_read(self, at: float, period: float) -> None:
        """Note when bytes came.

        Args:
            at: When.
            period: Of the pictures, in seconds; infinite as long as it is not known.
        """
        pause, self._read_at = at - self._read_at, at
        if pause > max(LATE_SECONDS, LATE_PERIODS * period):
            self._is_burst = True
        elif pause > WAITED_SECONDS:
            self._is_burst = False

    def skip_to(self, at: float) -> None:
        """Count no pause before this moment: nothing was read on purpose."""
        self._read_at = at

    def ready_at(self, at: float) -> float:
        """When a picture that was read now may be used; 0 where it need not wait."""
        return at + SETTLE_SECONDS if self._is_burst else 0.0
