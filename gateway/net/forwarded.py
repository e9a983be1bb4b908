"""Determines the client of a request, and the name and path that it used, also behind proxies.

Any client can send the headers of a proxy. They count only if the connection comes from an address in trusted_proxies.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec
from tornado.httputil import HTTPHeaders, HTTPServerRequest

from gateway.net.origin import HostPort, Origin, is_same_host, parse_host

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
"""A path without special characters: it goes into redirects and cookies."""
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What X-Forwarded-Proto may say; some proxies give the scheme of the websocket."""
MAX_HOPS = 16
"""Proxies in a row; longer lists are cut off at the front."""
MAX_PREFIX = 200
PROXY_HEADERS = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Real-IP",
    "Via",
)
"""Headers that proxies add. A request with one of them did not come straight from a client."""
PAIR = re.compile(r"\s*([A-Za-z]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))\s*")
"""One parameter of the Forwarded header (RFC 7239, section 4)."""


class Client(msgspec.Struct, frozen=True):
    """The client of a request, as it presents itself or as a trusted proxy presents it."""

    address: str
    scheme: str
    host: str
    """The name by which the client calls the gateway, with the port unless that is the default."""
    prefix: str = ""
    """The path under which the proxy serves the gateway, such as /cameras; empty without one."""
    through_proxy: bool = False
    """Whether the connection came from a trusted proxy."""
    forwarded: bool = False
    """Whether the request carries a header of a proxy, trusted or not."""
    hosts: frozenset[HostPort] = frozenset()
    """Every name under which the gateway may be known to the client's browser."""

    def is_same_origin(self, origin: Origin, port_may_be_missing: bool = False) -> bool:
        """Whether a page of this origin was served by the gateway.

        Args:
            origin: what the browser says of the page.
            port_may_be_missing: whether a proxy may have dropped the port from the Host header, as nginx does with
                `proxy_set_header Host $host`. The name alone decides then, where no port is known for it.
        """
        if any(is_same_host(origin, host) for host in self.hosts):
            return True
        named = [host for host in self.hosts if host.host == origin.host]
        return port_may_be_missing and bool(named) and all(host.port is None for host in named)


def client_of(request: HTTPServerRequest, trusted_proxies: Sequence[str]) -> Client:
    """Read the client of a request. `trusted_proxies` are addresses and networks."""
    peer, headers = request.remote_ip or "", request.headers
    forwarded = any(header in headers for header in PROXY_HEADERS)
    trusted = _networks(tuple(trusted_proxies))
    if not is_proxy(peer, trusted_proxies):
        return Client(peer, request.protocol, request.host, forwarded=forwarded, hosts=_parse_hosts([request.host]))
    elements = parse_forwarded(headers.get("Forwarded", ""))
    hops = _members(headers, "X-Forwarded-For") or [element.get("for", "") for element in elements]
    schemes = _members(headers, "X-Forwarded-Proto") or [element.get("proto", "") for element in elements]
    hosts = _members(headers, "X-Forwarded-Host") or [element.get("host", "") for element in elements]
    ports = _members(headers, "X-Forwarded-Port")
    address, proxies = _origin(peer, hops[-MAX_HOPS:], trusted)
    host = _outermost(hosts, proxies)
    host = host if HOST.fullmatch(host) else request.host
    prefix = headers.get("X-Forwarded-Prefix", headers.get("X-Ingress-Path", "")).strip().rstrip("/")
    return Client(
        address,
        SCHEMES.get(_outermost(schemes, proxies).lower(), request.protocol),
        _with_port(host, _outermost(ports, proxies)),
        prefix if len(prefix) <= MAX_PREFIX and PREFIX.fullmatch(prefix) and not _has_dot_segments(prefix) else "",
        through_proxy=True,
        forwarded=True,
        hosts=_known_hosts([request.host, *hosts], ports),
    )


def parse_forwarded(value: str) -> list[dict[str, str]]:
    """Read a Forwarded header (RFC 7239): one dictionary for each proxy, the outermost first, its keys in lower case.

    Returns an empty list for a header that does not follow the RFC: a proxy writes no such thing.
    """
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(value):
        pair = PAIR.match(value, at)
        if pair is not None:
            quoted, plain = pair[2], pair[3]
            text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            elements[-1].setdefault(pair[1].lower(), text)
            at = pair.end()
        separator = value[at : at + 1]
        if separator == ",":
            elements.append({})
        elif separator not in ("", ";"):
            return []
        at += 1
    return [element for element in elements if element][-MAX_HOPS:]


def is_proxy(address: str, trusted_proxies: Sequence[str]) -> bool:
    """Whether a connection from this address comes from a trusted proxy."""
    return bool(trusted_proxies) and _is_trusted(address, _networks(tuple(trusted_proxies)))


Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def _members(headers: HTTPHeaders, name: str) -> list[str]:
    """The list in a header, and in its repetitions."""
    return [member.strip() for member in headers.get(name, "").split(",") if member.strip()][-MAX_HOPS:]


def _outermost(members: list[str], proxies: int) -> str:
    """The member that the outermost trusted proxy has added. A client can put its own before it."""
    return members[max(0, len(members) - proxies)] if members else ""


def _with_port(host: str, port: str) -> str:
    parsed = parse_host(host)
    if parsed is None or parsed.port is not None or not re.fullmatch("[0-9]{1,5}", port) or port in ("80", "443"):
        return host
    return f"{host}:{port}"


def _parse_hosts(hosts: Sequence[str]) -> frozenset[HostPort]:
    return frozenset(host for host in map(parse_host, hosts) if host is not None)


def _known_hosts(hosts: Sequence[str], ports: Sequence[str]) -> frozenset[HostPort]:
    """Every name that a proxy has seen, with every port that one listens on.

    No page of another site can make a browser send these headers, so each of them is as good as the outermost.
    """
    written = _parse_hosts([host for host in hosts if HOST.fullmatch(host)])
    numbers = [int(port) for port in ports if re.fullmatch("[0-9]{1,5}", port)]
    return written | {HostPort(host.host, port) for host in written for port in numbers}


def _origin(peer: str, hops: list[str], trusted: tuple[Network, ...]) -> tuple[str, int]:
    """The last address that is not a trusted proxy's, and how many trusted proxies follow it.

    A client may have written anything before that address.
    """
    address, proxies = peer, 1
    for hop in reversed(hops):
        found = _address(_without_port(hop))
        if found is None:
            return address, proxies
        address = str(found)
        if not _is_trusted(address, trusted):
            return address, proxies
        proxies += 1
    return address, proxies


def _without_port(hop: str) -> str:
    """An address as RFC 7239 and some proxies write it: "192.0.2.7:4711", "[2001:db8::1]:4711"."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address; one of IPv4 is that, also when it came to a socket of IPv6."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _has_dot_segments(prefix: str) -> bool:
    return any(part in (".", "..") for part in prefix.split("/"))
