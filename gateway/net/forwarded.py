"""Who is at the other end of a request, and how that one sees us, also through a proxy that is trusted.

Anybody can send the headers of a proxy: they count only when the connection comes from one that trusted_proxies names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from tornado.httputil import HTTPServerRequest

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
"""A path that means nothing but itself: it goes into redirects and cookies."""
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What X-Forwarded-Proto may say; some proxies call a websocket by its own scheme."""
MAX_HOPS = 16
"""Proxies behind one another; the list of X-Forwarded-For is read no further."""
MAX_PREFIX = 200


@dataclass(frozen=True, slots=True)
class Client:
    """As it presents itself, or as a trusted proxy presents it."""

    address: str
    scheme: str
    host: str
    """By which it calls us, with the port where that is not the usual one."""
    prefix: str = ""
    """The path under which the proxy has us, such as /cameras; empty for none."""
    through_proxy: bool = False
    """Whether a trusted proxy is between us."""

    @property
    def base(self) -> str:
        """What a URL to us begins with."""
        return f"{self.scheme}://{self.host}{self.prefix}"


def client_of(request: HTTPServerRequest, trusted_proxies: Sequence[str]) -> Client:
    """Of a request; `trusted_proxies` are addresses and networks."""
    peer = request.remote_ip or ""
    trusted = _networks(tuple(trusted_proxies))
    if not is_proxy(peer, trusted_proxies):
        return Client(peer, request.protocol, request.host)
    headers = request.headers
    hops = [hop.strip() for hop in headers.get("X-Forwarded-For", "").split(",")][-MAX_HOPS:]
    scheme = headers.get("X-Forwarded-Proto", "").strip().lower()
    host = headers.get("X-Forwarded-Host", "").strip()
    prefix = headers.get("X-Forwarded-Prefix", "").strip().rstrip("/")
    return Client(
        _origin(peer, hops, trusted),
        SCHEMES.get(scheme, request.protocol),
        host if HOST.fullmatch(host) else request.host,
        prefix if len(prefix) <= MAX_PREFIX and PREFIX.fullmatch(prefix) and not _climbs(prefix) else "",
        through_proxy=True,
    )


def is_proxy(address: str, trusted_proxies: Sequence[str]) -> bool:
    """Whether a connection from there is one of a proxy that is believed."""
    return bool(trusted_proxies) and _is_trusted(address, _networks(tuple(trusted_proxies)))


Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def _origin(peer: str, hops: list[str], trusted: tuple[Network, ...]) -> str:
    """The last one that is not a proxy of ours: what stands before it, anybody could have written."""
    address = peer
    for hop in reversed(hops):
        found = _address(hop)
        if found is None:
            return address
        address = str(found)
        if not _is_trusted(address, trusted):
            return address
    return address


def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """One of IPv4 is that, also when it came to a socket of IPv6."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _climbs(prefix: str) -> bool:
    return any(part in (".", "..") for part in prefix.split("/"))
