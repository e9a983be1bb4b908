"""Filters for Tornado's loggers: they count what clients cause, and keep its content out of the log."""

import logging
import re
import time
from collections.abc import Callable

from framebus.runtime.rate_limited_log import RateLimitedLog

MAX_LOGGED = 200
"""Characters of a message about a malformed request that a line of the log may hold."""
TRACEBACK_SECONDS = 1.0
"""A traceback is logged at most this often."""
QUOTED = re.compile(r"""\bb['"]|['"]""")
QUERY = re.compile(r"\?\S*")


class LogFilters:
    """Installed by the gateway, and removed at its end."""

    def __init__(self, losses: RateLimitedLog, now: Callable[[], float] = time.monotonic) -> None:
        self._losses = losses
        self._now = now
        self._traceback_at = float("-inf")
        self._filters = {"tornado.general": self._count_malformed, "tornado.application": self._count_failures}

    def install(self) -> None:
        """Add the filters to Tornado's loggers."""
        for logger, each in self._filters.items():
            logging.getLogger(logger).addFilter(each)

    def remove(self) -> None:
        """Remove them."""
        for logger, each in self._filters.items():
            logging.getLogger(logger).removeFilter(each)

    def _count_malformed(self, record: logging.LogRecord) -> bool:
        """Tornado would log a line for each malformed request, of any length, and with what is in it."""
        self._losses.count("malformed requests", without_content(record.getMessage())[:MAX_LOGGED])
        return False

    def _count_failures(self, record: logging.LogRecord) -> bool:
        """An unexpected exception is counted, and logged with its traceback, but not more than once a second."""
        self._losses.count("requests failed")
        now = self._now()
        if now - self._traceback_at < TRACEBACK_SECONDS:
            return False
        self._traceback_at = now
        return True


def without_content(message: str) -> str:
    """What Tornado says of a request, without the values and the query that it quotes: they may be secrets."""
    return QUERY.sub("?…", QUOTED.split(message, maxsplit=1)[0].rstrip())
