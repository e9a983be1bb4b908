"""How often one address may ask, as a bucket for each that fills at the rate and holds a burst (a token bucket)."""

import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.connections import share_of

BURST_SECONDS = 2.0
"""Requests of so many seconds may come at once: a page that is reloaded, a poller that was held up."""
MAX_ADDRESSES = 4096
"""Buckets kept; the one used longest ago is forgotten first, and is full again then."""


class Rates:
    """One bucket for each address. This machine itself may ask as often as it likes."""

    def __init__(self, per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

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
