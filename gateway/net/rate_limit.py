"""Limits requests for each address: how often (a token bucket), and how many at the same time."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from framebus.errors import FramebusError
from gateway.net.connection_limits import limit_key

BURST_SECONDS = 2.0
"""Requests of so many seconds may come at once: a page that is reloaded, a poller that was held up."""
MAX_ADDRESSES = 4096
"""Buckets kept; the least recently used is forgotten first, and is full again then."""
MAX_CONCURRENT_STILLS = 32
"""Stills of one address at the same time: each may take a minute, and there are 256 places for all."""
MAX_CONCURRENT_CLIPS = 4
"""Clips of one address at the same time: the snapshot service keeps 8 for all."""
MAX_CONCURRENT_DOWNLOADS = 4
"""Files and clips of recordings of one address at the same time; a player that seeks opens a second one."""


class RateLimiter:
    """One bucket for each address. This machine itself is not limited."""

    def __init__(
        self, per_second: float, now: Callable[[], float] = time.monotonic, max_addresses: int = MAX_ADDRESSES
    ) -> None:
        """Allow `per_second` requests of each address; buckets of `max_addresses` are kept."""
        self._max_addresses = max_addresses
        self._per_second = per_second
        self._capacity = max(1.0, per_second * BURST_SECONDS)
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Take one from the bucket of this address; 0 if there was one, else the seconds until there is."""
        key = limit_key(address)
        if key is None:
            return 0.0
        now = self._now()
        left, at = self._buckets.pop(key, (self._capacity, now))
        left = min(self._capacity, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._max_addresses:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_second


class ConcurrencyLimitError(FramebusError):
    """An address has as many requests under way as it may have."""


class ConcurrencyLimit:
    """Counts the requests of each address that are being answered."""

    def __init__(self, maximum: int, *, limits_local: bool = False) -> None:
        """`limits_local` is whether this machine itself is limited, too."""
        self.maximum = maximum
        self._limits_local = limits_local
        self._counts: Counter[str] = Counter()

    @contextmanager
    def slot(self, address: str) -> Iterator[None]:
        """Hold a place while the block runs. Raises ConcurrencyLimitError."""
        key = limit_key(address) or ("local" if self._limits_local else None)
        if key is None:
            yield
            return
        if self._counts[key] >= self.maximum:
            raise ConcurrencyLimitError
        self._counts[key] += 1
        try:
            yield
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
