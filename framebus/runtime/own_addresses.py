"""The names and addresses by which the local network reaches this machine, and the URLs of the page there."""

import contextlib
import socket
from pathlib import Path

from framebus.config.address import Address

ALL_INTERFACES = ("", "0.0.0.0", "::")
ROUTE_PROBES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for documentation (RFC 5737, RFC 3849): a route to them is looked up, and nothing is sent."""
AVAHI = Path("/run/avahi-daemon/socket")
"""Where avahi runs, this machine answers to NAME.local."""


def pages_to_open(listen: Address, encrypted: bool, own: list[str]) -> list[str]:
    """The URLs of the page, for a browser on another machine if that can reach it.

    Args:
        listen: where the gateway listens.
        encrypted: whether it speaks TLS.
        own: the names and addresses of this machine.
    """
    hosts = (own or ["127.0.0.1"]) if listen.host in ALL_INTERFACES else [listen.host]
    if listen.host == "0.0.0.0":
        hosts = [host for host in hosts if ":" not in host] or ["127.0.0.1"]
    return [f"http{'s' if encrypted else ''}://{Address(host, listen.port)}/" for host in hosts]


def own_addresses(avahi: Path = AVAHI) -> list[str]:
    """The name and the addresses by which the local network reaches this machine; empty without a network."""
    addresses = []
    for family, probe in ROUTE_PROBES:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((probe, 9))
            addresses.append(str(route.getsockname()[0]))
    name = socket.gethostname().partition(".")[0]
    return [f"{name}.local", *addresses] if addresses and name and avahi.exists() else addresses
