"""Logs a message once, and its repeats at growing intervals, with their number."""

import re
import threading
import time
from collections.abc import Callable
from logging import Logger

import msgspec

FIRST_INTERVAL_SECONDS = 10.0
"""The second line of a kind comes no sooner than this after the first; each interval is twice as long as the last."""
LONGEST_INTERVAL_SECONDS = 3600.0
MAX_KINDS = 64
"""Kinds of lines that are remembered; the one that was logged longest ago is forgotten for a new one."""
BURST_LINES = 30
SECONDS_PER_LINE = 20.0
"""All kinds together get BURST_LINES at once and then a line in 20 s: 4320 a day, which is less than 1 MB."""

_VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+(\.\d+)?")
"""Lines that differ in numbers alone are of one kind."""


class _Kind(msgspec.Struct):
    logged_at: float
    interval: float = 0.0
    repeats: int = 0
    level: int = 0
    text: str = ""


class RepeatLog:
    """Logs what a failing camera says. Safe to use from several threads.

    Call `flush` about once a second: the newest repeat of each kind is then logged once its interval has passed.
    """

    def __init__(self, logger: Logger, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing logged.

        Args:
            logger: where the lines go.
            now: the clock, in seconds.
        """
        self._logger = logger
        self._now = now
        self._kinds: dict[str, _Kind] = {}
        self._allowance = float(BURST_LINES)
        self._allowed_at = now()
        self._lock = threading.Lock()

    def log(self, level: int, text: str) -> None:
        """Log this line now if it is new, else once the interval of its kind has passed.

        Args:
            level: a level of the logging module.
            text: the complete line.
        """
        with self._lock:
            now, key = self._now(), _VARYING.sub("#", text)
            kind = self._kinds.get(key)
            if kind is None or now - kind.logged_at > 2 * LONGEST_INTERVAL_SECONDS:
                kind = self._new_kind(key, now)
            kind.repeats, kind.level, kind.text = kind.repeats + 1, level, text
            self._log_due(kind, now)

    def flush(self) -> None:
        """Log the repeats whose interval has passed."""
        with self._lock:
            now = self._now()
            for kind in list(self._kinds.values()):
                if kind.repeats:
                    self._log_due(kind, now)

    def _new_kind(self, key: str, now: float) -> _Kind:
        if len(self._kinds) >= MAX_KINDS:
            del self._kinds[min(self._kinds, key=lambda known: self._kinds[known].logged_at)]
        self._kinds[key] = _Kind(logged_at=now)
        return self._kinds[key]

    def _log_due(self, kind: _Kind, now: float) -> None:
        since = now - kind.logged_at
        if since < kind.interval or not self._may_log(now):
            return
        repeated = f" ({kind.repeats} times in {since:.0f} s)" if kind.repeats > 1 else ""
        self._logger.log(kind.level, "%s%s", kind.text, repeated)
        kind.interval = min(max(FIRST_INTERVAL_SECONDS, 2 * kind.interval), LONGEST_INTERVAL_SECONDS)
        kind.logged_at, kind.repeats = now, 0

    def _may_log(self, now: float) -> bool:
        """Whether all kinds together have a line left; takes it."""
        earned = (now - self._allowed_at) / SECONDS_PER_LINE
        self._allowance, self._allowed_at = min(BURST_LINES, self._allowance + earned), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True
