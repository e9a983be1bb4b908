"""How many connections are open, in all and from one address, and whether there is room for another.

This machine itself and the trusted proxies are counted, but have no share of their own: everybody behind a proxy comes
from its address.
"""

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from gateway.net.forwarded import is_proxy

IPV6_NETWORK_BITS = 64
"""What one customer has at least (RFC 6177): all of it is one address here."""


def share_of(address: str) -> str | None:
    """Whose share a connection from this address is counted on; None for this machine itself, and for no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of the file system
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return None if found.is_loopback else str(IPv6Address(int(found) >> IPV6_NETWORK_BITS << IPV6_NETWORK_BITS))
        found = found.ipv4_mapped
    return None if found.is_loopback else str(found)


class Connections:
    """Counts them. Who was let in has to be let go of."""

    def __init__(self, most: int, most_per_address: int, proxies: Sequence[str] = ()) -> None:
        """`proxies` are the addresses and networks of those that others come through."""
        self.open = 0
        self._proxies = proxies
        self._most = most
        self._most_per_address = most_per_address
        self._per_address: Counter[str] = Counter()

    def refusal(self, address: str) -> str | None:
        """Why there is no room for another one from that address, in words; None where there is."""
        share = self._share(address)
        if self.open >= self._most:
            return f"{self._most} connections are open already, the most that max_connections in [gateway] allows"
        if share is not None and self._per_address[share] >= self._most_per_address:
            return (
                f"{self._most_per_address} connections from {share} are open already, the most that max_per_address "
                "in [gateway] allows"
            )
        return None

    def let_in(self, address: str) -> None:
        """Another one."""
        self.open += 1
        share = self._share(address)
        if share is not None:
            self._per_address[share] += 1

    def let_go(self, address: str) -> None:
        """It has ended."""
        self.open -= 1
        share = self._share(address)
        if share is None:
            return
        self._per_address[share] -= 1
        if not self._per_address[share]:
            del self._per_address[share]

    def _share(self, address: str) -> str | None:
        return None if is_proxy(address, self._proxies) else share_of(address)
