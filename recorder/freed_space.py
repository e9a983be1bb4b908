"""Whether deleting makes room. Where it does not, more is deleted only after a pause, or all would go for nothing.

Snapshots and recycle bins keep what was deleted, and some file systems free it later (btrfs, within half a minute).
"""

import math

LEAST_BYTES = 1_000_000
"""Of what was deleted, to be judged: others write meanwhile."""
LEAST_SHARE = 0.1
"""Of what was deleted that has become free."""
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 3600.0


class FreedSpace:
    """Pure; times are seconds of any clock that goes on steadily."""

    def __init__(self) -> None:
        self._pause_seconds = 0.0
        self._pauses_until = -math.inf

    def may_delete(self, now: float) -> bool:
        """Whether more may be deleted for lack of space."""
        return now >= self._pauses_until

    def note(self, deleted_bytes: int, freed_bytes: float, now: float) -> bool:
        """Note what was deleted for lack of space.

        Args:
            deleted_bytes: the size of the files.
            freed_bytes: by how much the free space has grown since then.
            now: the time.

        Returns:
            Whether there is a pause now, since nothing became free.
        """
        if deleted_bytes < LEAST_BYTES:
            return False
        if freed_bytes >= LEAST_SHARE * deleted_bytes:
            self._pause_seconds = 0.0
            return False
        self._pause_seconds = min(LONGEST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds))
        self._pauses_until = now + self._pause_seconds
        return True
