"""The last frames of one camera, as many as the configuration allows in seconds and in bytes. No sockets, no clock."""

from collections import deque

from snapshot.still import Still


class History:
    """Frames in the order of their capture; the oldest go when there are too many."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        """With `seconds` 0 it keeps none."""
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._stills: deque[Still] = deque()
        self.bytes = 0
        """What the pictures take."""

    def __len__(self) -> int:
        return len(self._stills)

    def put(self, still: Still) -> None:
        """Take a frame that is newer than all here."""
        if not self._seconds:
            return
        self._stills.append(still)
        self.bytes += len(still.jpeg)
        newest = still.header.monotonic
        while self._stills and (
            self._stills[0].header.monotonic < newest - self._seconds or self.bytes > self._most_bytes
        ):
            self.bytes -= len(self._stills.popleft().jpeg)

    def near(self, captured: float) -> Still | None:
        """The frame nearest to this moment, in Unix seconds; None where that lies before the first or after the last.

        A frame counts for as long before and after as frames are apart here.
        """
        if not self._stills:
            return None
        found = min(self._stills, key=lambda still: abs(still.header.captured - captured))
        return found if abs(found.header.captured - captured) <= self._slack else None

    def last(self, seconds: float) -> list[Still]:
        """The frames of so many seconds up to the newest, the oldest first."""
        if not self._stills:
            return []
        begin = self._stills[-1].header.monotonic - seconds
        return [still for still in self._stills if still.header.monotonic >= begin]

    @property
    def span(self) -> tuple[float, float] | None:
        """Unix seconds of the first and the last frame; None while there is none."""
        return (self._stills[0].header.captured, self._stills[-1].header.captured) if self._stills else None

    @property
    def _slack(self) -> float:
        """Seconds: twice the mean distance of two frames, and at least one."""
        first, last = self._stills[0].header.monotonic, self._stills[-1].header.monotonic
        return max(1.0, 2 * (last - first) / max(1, len(self._stills) - 1))
