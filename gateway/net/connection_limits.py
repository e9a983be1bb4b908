"""Limits on open connections: in all, and for each client's address.

Connections of this machine and of trusted proxies count for the total alone. Behind a trusted proxy, the address that
the proxy names has its own share, for as long as a request or a stream of it is served.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address

from gateway.net.forwarded import is_proxy

IPV6_NETWORK_BITS = 64
"""The smallest network that a provider assigns (RFC 6177): it counts as one address."""


def share_of(address: str) -> str | None:
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


class Connections:
    """Counts connections. Each one that was let in has to be released."""

    def __init__(self, most: int, most_per_address: int, proxies: Sequence[str] = ()) -> None:
        """`proxies` are the addresses and networks of trusted proxies."""
        self.open = 0
        self._proxies = proxies
        self._most = most
        self._most_per_address = most_per_address
        self._per_address: Counter[str] = Counter()

    def refusal(self, address: str) -> str | None:
        """Why a connection from that address is refused, as a sentence; None if it is not."""
        if self.open >= self._most:
            return f"{self._most} connections are open already, the most that max_connections in [gateway] allows"
        return self._refusal_of(self._share(address))

    def let_in(self, address: str) -> None:
        """Count a connection."""
        self.open += 1
        self._add(self._share(address))

    def let_go(self, address: str) -> None:
        """Release a connection."""
        self.open -= 1
        self._remove(self._share(address))

    def let_in_through_proxy(self, address: str) -> tuple[str | None, Callable[[], None]]:
        """Count a request that a trusted proxy passes on for the client with this address.

        Returns:
            Why it is refused, as a sentence, or None if it is not; and what to call at its end, any number of times.
        """
        share = None if is_proxy(address, self._proxies) else share_of(address)
        refusal = self._refusal_of(share)
        if refusal is not None or share is None:
            return refusal, lambda: None
        self._add(share)
        held = [share]

        def release() -> None:
            if held:
                self._remove(held.pop())

        return None, release

    def _refusal_of(self, share: str | None) -> str | None:
        if share is None or self._per_address.get(share, 0) < self._most_per_address:
            return None
        return (
            f"{self._most_per_address} connections from {share} are open already, the most that max_per_address "
            "in [gateway] allows"
        )

    def _add(self, share: str | None) -> None:
        if share is not None:
            self._per_address[share] += 1

    def _remove(self, share: str | None) -> None:
        if share is None:
            return
        self._per_address[share] -= 1
        if not self._per_address[share]:
            del self._per_address[share]

    def _share(self, address: str) -> str | None:
        return None if is_proxy(address, self._proxies) else share_of(address)
