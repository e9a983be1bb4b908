"""The last frames of one camera, limited in seconds and in bytes. No sockets, no clock."""

from collections import deque
from collections.abc import Callable

from snapshot.still import Still


class History:
    """Frames in the order of their capture; the oldest are dropped when there are too many."""

    def __init__(self, seconds: float, max_bytes: int) -> None:
        """Make an empty history.

        Args:
            seconds: how long to keep a frame; 0 keeps none.
            max_bytes: what the pictures may take.
        """
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._stills: deque[Still] = deque()
        self.bytes = 0
        """What the pictures take."""

    def __len__(self) -> int:
        return len(self._stills)

    def put(self, still: Still) -> None:
        """Take a frame that is newer than all others."""
        if not self._seconds:
            return
        self._stills.append(still)
        self.bytes += len(still.jpeg)
        self._drop_oldest()

    def limit(self, max_bytes: int) -> None:
        """Change what the pictures may take."""
        self._max_bytes = max_bytes
        self._drop_oldest()

    def nearest(self, captured: float) -> Still | None:
        """Return the frame nearest to a moment; None for a moment before the first or after the last frame.

        A frame counts for as long before and after as the frames are apart.

        Args:
            captured: the moment, in Unix seconds.
        """
        return self._nearest(lambda still: abs(still.header.captured - captured))

    def nearest_monotonic(self, monotonic: float) -> Still | None:
        """The same for a moment of CLOCK_MONOTONIC, which goes on steadily while the wall clock is set."""
        return self._nearest(lambda still: abs(still.header.monotonic - monotonic))

    def last(self, seconds: float) -> list[Still]:
        """Return the frames of so many seconds up to the newest, the oldest first."""
        if not self._stills:
            return []
        begin = self._stills[-1].header.monotonic - seconds
        return [still for still in self._stills if still.header.monotonic >= begin]

    @property
    def span(self) -> tuple[float, float] | None:
        """Unix seconds of the first and the last frame; None while there is none."""
        return (self._stills[0].header.captured, self._stills[-1].header.captured) if self._stills else None

    def _nearest(self, distance: Callable[[Still], float]) -> Still | None:
        nearest = min(self._stills, key=distance, default=None)
        return nearest if nearest is not None and distance(nearest) <= self._slack else None

    @property
    def _slack(self) -> float:
        """Seconds: twice the mean distance of two frames, and at least one."""
        first, last = self._stills[0].header.monotonic, self._stills[-1].header.monotonic
        return max(1.0, 2 * (last - first) / max(1, len(self._stills) - 1))

    def _drop_oldest(self) -> None:
        while self._stills and (
            self._stills[0].header.monotonic < self._stills[-1].header.monotonic - self._seconds
            or self.bytes > self._max_bytes
        ):
            self.bytes -= len(self._stills.popleft().jpeg)
