"""Limits on open connections: in all, and for each client's address.

Connections of this machine and of trusted proxies count for the total alone. Behind a trusted proxy, the address that
the proxy names has a limit of its own, for as long as a request or a stream of it is served.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address

from gateway.net.forwarded import is_proxy

IPV6_NETWORK_BITS = 64
"""The smallest network that a provider assigns (RFC 6177): it counts as one address."""


def limit_key(address: str) -> str | None:
    """The address or network that a connection counts for; None for this machine itself, and for no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of the file system
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            network = int(parsed) >> IPV6_NETWORK_BITS << IPV6_NETWORK_BITS
            return None if parsed.is_loopback else str(IPv6Address(network))
        parsed = parsed.ipv4_mapped
    return None if parsed.is_loopback else str(parsed)


class ConnectionLimits:
    """Counts connections. Each one that was let in has to be released."""

    def __init__(self, maximum: int, max_per_address: int, proxies: Sequence[str] = ()) -> None:
        """`proxies` are the addresses and networks of trusted proxies."""
        self.open = 0
        self._proxies = proxies
        self._maximum = maximum
        self._max_per_address = max_per_address
        self._per_address: Counter[str] = Counter()

    def refusal(self, address: str) -> str | None:
        """Why a connection from that address is refused, as a sentence; None if it is not."""
        if self.open >= self._maximum:
            return f"{self._maximum} connections are open already, the most that max_connections in [gateway] allows"
        return self._refusal_of(self._limit_key(address))

    def acquire(self, address: str) -> None:
        """Count a connection."""
        self.open += 1
        self._add(self._limit_key(address))

    def release(self, address: str) -> None:
        """Release a connection."""
        self.open -= 1
        self._remove(self._limit_key(address))

    def acquire_proxied(self, address: str) -> tuple[str | None, Callable[[], None]]:
        """Count a request that a trusted proxy passes on for the client with this address.

        Returns:
            Why it is refused, as a sentence, or None if it is not; and what to call at its end, any number of times.
        """
        key = None if is_proxy(address, self._proxies) else limit_key(address)
        refusal = self._refusal_of(key)
        if refusal is not None or key is None:
            return refusal, lambda: None
        self._add(key)
        held = [key]

        def release() -> None:
            if held:
                self._remove(held.pop())

        return None, release

    def _refusal_of(self, key: str | None) -> str | None:
        if key is None or self._per_address.get(key, 0) < self._max_per_address:
            return None
        return (
            f"{self._max_per_address} connections from {key} are open already, the most that max_per_address "
            "in [gateway] allows"
        )

    def _add(self, key: str | None) -> None:
        if key is not None:
            self._per_address[key] += 1

    def _remove(self, key: str | None) -> None:
        if key is None:
            return
        self._per_address[key] -= 1
        if not self._per_address[key]:
            del self._per_address[key]

    def _limit_key(self, address: str) -> str | None:
        return None if is_proxy(address, self._proxies) else limit_key(address)
