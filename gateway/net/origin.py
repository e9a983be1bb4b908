"""Compares web origins (RFC 6454) by what they mean: scheme, host and port, however each of them is written."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import msgspec

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class HostPort(msgspec.Struct, frozen=True):
    """A host in its normal form, and the port if one was written."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


class Origin(msgspec.Struct, frozen=True):
    """The origin of a page. The port is always a number."""

    scheme: str
    host: str
    port: int


def parse_host(text: str) -> HostPort | None:
    """Read the value of a Host header.

    Args:
        text: such as "Cam.LAN.:8080" or "[::1]:8080".

    Returns:
        The host in lower case, without a trailing dot, an IPv6 address in its short form; None for what is no host.
    """
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return HostPort(_normal_host(host), port)


def parse_origin(text: str) -> Origin | None:
    """Read the value of an Origin header, or an entry of allow_origins. None for "null" and what is no origin."""
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    host = parse_host(rest.removesuffix("/"))
    if not separator or scheme not in DEFAULT_PORTS or host is None:
        return None
    return Origin(scheme, host.host, DEFAULT_PORTS[scheme] if host.port is None else host.port)


def is_same_host(origin: Origin, host: HostPort) -> bool:
    """Whether a page of the origin would reach this host and port. A port that is not written is the scheme's own."""
    return origin.host == host.host and origin.port == (host.port or DEFAULT_PORTS[origin.scheme])


def is_listed(origin: str, allowed: list[str]) -> bool:
    """Whether the origin is one of those in a list of the configuration."""
    if origin in allowed:
        return True
    parsed = parse_origin(origin)
    return parsed is not None and any(parsed == parse_origin(entry) for entry in allowed)


def _normal_host(host: str) -> str:
    host = host.lower().removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else str(address)
