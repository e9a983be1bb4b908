"""Slows down password guessing: after some failures from one address, each further attempt has to wait longer."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address

import msgspec

from gateway.net.connection_limits import limit_key

FREE_FAILURES = 5
"""Attempts without a pause, for mistyped passwords."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
FORGET_SECONDS = 600.0
"""An address without a failure for this long is forgotten."""
MAX_ADDRESSES = 4096
"""Addresses remembered; the one that failed longest ago is forgotten first."""
IPV6_SITE_BITS = 80
"""An IPv6 site has at most a /48 (RFC 6177), and so 65536 networks of /64 to guess from."""
SITE_SHARE = 4
"""A site may fail this many times as often as one of its networks."""


class FailureRecord(msgspec.Struct):
    """Of one address."""

    failures: int = 0
    last: float = 0.0
    allowed_at: float = 0.0


class Throttle:
    """An attempt counts as failed until it is known to have succeeded, so that simultaneous attempts gain nothing."""

    def __init__(
        self, workers: int = 1, now: Callable[[], float] = time.monotonic, max_addresses: int = MAX_ADDRESSES
    ) -> None:
        """Start without failures.

        Args:
            workers: how many workers the gateway has. Each has a throttle, and a client may connect to any of them.
            now: CLOCK_MONOTONIC, in seconds.
            max_addresses: how many addresses are remembered.
        """
        self._max_addresses = max_addresses
        self._free_failures = max(1, FREE_FAILURES // workers)
        self._workers = workers
        self._now = now
        self._records: OrderedDict[str, FailureRecord] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """How long this address has to wait before its next attempt; 0 when it need not."""
        return max(self._wait_seconds(source) for source, _ in _sources(address))

    def record_attempt(self, address: str) -> None:
        """An attempt begins."""
        for source, share in _sources(address):
            self._count(source, self._free_failures * share)

    def record_success(self, address: str) -> None:
        """The attempt succeeded. The failures before it still count."""
        for source, share in _sources(address):
            record = self._records.get(source)
            if record is not None:
                record.failures -= 1
                if record.failures < self._free_failures * share:
                    record.allowed_at = 0.0

    def _wait_seconds(self, source: str) -> float:
        record = self._records.get(source)
        if record is None or self._now() - record.last > FORGET_SECONDS:
            return 0.0
        return max(0.0, record.allowed_at - self._now())

    def _count(self, source: str, free_failures: int) -> None:
        now = self._now()
        record = self._records.pop(source, FailureRecord())
        if now - record.last > FORGET_SECONDS:
            record = FailureRecord()
        record.failures += 1
        record.last = now
        beyond = record.failures - free_failures
        if beyond >= 0:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 10))
            record.allowed_at = now + self._workers * pause
        self._records[source] = record
        if len(self._records) > self._max_addresses:
            self._records.popitem(last=False)


def _sources(address: str) -> list[tuple[str, int]]:
    """What an attempt is counted for, and the share of each: the address, and of IPv6 its network and its site.

    This machine counts too: behind a proxy that is not trusted, every client has its address.
    """
    network = limit_key(address) or "local"
    if ":" not in network:
        return [(network, 1)]
    site = IPv6Address(int(IPv6Address(network)) >> IPV6_SITE_BITS << IPV6_SITE_BITS)
    return [(network, 1), (f"{site}/48", SITE_SHARE)]
