"""Slows down who guesses: after some failures from one address, each further attempt has to wait longer."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gateway.net.connection_limits import share_of

FREE_FAILURES = 5
"""A mistyped password or two are nobody's fault."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
FORGET_SECONDS = 600.0
"""After so long without a failure all is forgotten."""
MAX_ADDRESSES = 4096
"""Addresses remembered; the one that failed longest ago is forgotten first."""


@dataclass(slots=True)
class Record:
    """Of one address."""

    failures: int = 0
    last: float = 0.0
    free_at: float = 0.0


class Throttle:
    """An attempt counts as failed until it is said to have succeeded, so that many at once are no way round."""

    def __init__(self, workers: int = 1, now: Callable[[], float] = time.monotonic) -> None:
        """Each of so many gateways has one of these, and who guesses may choose between them."""
        self._free_failures = max(1, FREE_FAILURES // workers)
        self._workers = workers
        self._now = now
        self._records: OrderedDict[str, Record] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """How long this address has to wait before its next attempt; 0 when it need not."""
        record = self._records.get(_whose(address))
        if record is None or self._now() - record.last > FORGET_SECONDS:
            return 0.0
        return max(0.0, record.free_at - self._now())

    def attempt(self, address: str) -> None:
        """An attempt begins."""
        whose, now = _whose(address), self._now()
        record = self._records.pop(whose, Record())
        if now - record.last > FORGET_SECONDS:
            record = Record()
        record.failures += 1
        record.last = now
        beyond = record.failures - self._free_failures
        if beyond >= 0:
            record.free_at = now + self._workers * min(
                LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 10)
            )
        self._records[whose] = record
        if len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)

    def success(self, address: str) -> None:
        """The attempt was none of a guesser's. The failures before it still count."""
        record = self._records.get(_whose(address))
        if record is not None:
            record.failures -= 1
            if record.failures < self._free_failures:
                record.free_at = 0.0


def _whose(address: str) -> str:
    """This machine too: behind a proxy that is not trusted, everybody comes from there."""
    return share_of(address) or "local"
