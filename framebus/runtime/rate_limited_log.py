"""Counts losses, and logs them at most once a second, so that a flood of bad frames does not flood the log."""

import time
from collections import Counter
from collections.abc import Callable
from logging import Logger

INTERVAL_SECONDS = 1.0


class RateLimitedLog:
    """Counts losses by kind, and logs them.

    Call `flush` about once a second, so that the last losses of a burst are logged as well.
    """

    def __init__(self, logger: Logger, now: Callable[[], float] = time.monotonic) -> None:
        self.total: Counter[str] = Counter()
        self._pending: dict[str, tuple[int, str]] = {}
        self._logger = logger
        self._now = now
        self._said_at = float("-inf")

    def count(self, kind: str, detail: str = "", amount: int = 1) -> None:
        """Count a loss; the newest detail of a kind is the one that gets logged."""
        self.total[kind] += amount
        pending, _ = self._pending.get(kind, (0, ""))
        self._pending[kind] = (pending + amount, detail)
        self.flush()

    def flush(self) -> None:
        """Log what has not been logged yet, unless the last such line is younger than a second."""
        now = self._now()
        if not self._pending or now - self._said_at < INTERVAL_SECONDS:
            return
        self._said_at = now
        pending, self._pending = self._pending, {}  # at once: one thread may count while another flushes
        for kind, (amount, detail) in pending.items():
            self._logger.warning("%d %s (%d in all)%s", amount, kind, self.total[kind], f": {detail}" if detail else "")
