"""How often one address may ask, as a bucket for each that fills at the rate and holds a burst (a token bucket)."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from gateway.net.connection_limits import share_of

BURST_SECONDS = 2.0
"""Requests of so many seconds may come at once: a page that is reloaded, a poller that was held up."""
MAX_ADDRESSES = 4096
"""Buckets kept; the one used longest ago is forgotten first, and is full again then."""


MAX_UNDER_WAY = 32
"""Requests of one address that wait at the same time: a picture may take a minute, and there are 256 places for all."""


class RateLimiter:
    """One bucket for each address. This machine itself may ask as often as it likes."""

    def __init__(self, per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._under_way: Counter[str] = Counter()

    def wait_seconds(self, address: str) -> float:
        """Take one from the bucket of this address; 0 when there was one, else the seconds until there is."""
        share = share_of(address)
        if share is None:
            return 0.0
        now = self._now()
        left, at = self._buckets.pop(share, (self._most, now))
        left = min(self._most, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._buckets[share] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_second

    def begin(self, address: str) -> bool:
        """A request of this address is under way, unless there are MAX_UNDER_WAY; if it is, `end` has to follow."""
        share = share_of(address)
        if share is None:
            return True
        if self._under_way[share] >= MAX_UNDER_WAY:
            return False
        self._under_way[share] += 1
        return True

    def end(self, address: str) -> None:
        """It has been answered, or its client is gone."""
        share = share_of(address)
        if share is None:
            return
        self._under_way[share] -= 1
        if not self._under_way[share]:
            del self._under_way[share]
