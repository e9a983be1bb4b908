"""The host names of this machine on its own network, without a DNS query."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")
LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".test")
"""Endings that cannot be registered, or that no browser resolves in the public DNS (RFC 6762, 6761, 8375)."""


def is_own_name(host: str, allowed: Sequence[str] = (), resolv_conf: Path = RESOLV_CONF) -> bool:
    """Whether a host name can only mean this machine, or is one that the configuration allows.

    A public name that resolves to this machine is an attack on the browser that uses it (DNS rebinding): its page has
    the same origin as ours. An address or a name of the local network cannot be used for that.

    Args:
        host: a name or an address in lower case, without port, brackets and trailing dot.
        allowed: `allow_hosts` of the configuration: names, "*.DOMAIN", or "*".
        resolv_conf: where the search domains of this network are.
    """
    if "." not in host or host.endswith(LOCAL_ENDINGS) or _is_address(host):
        return True
    return any(_matches(host, entry) for entry in allowed) or host in _own_names(resolv_conf)


def is_loopback_name(host: str) -> bool:
    """Whether a host name or an address, as in `is_own_name`, means the machine of the client itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ip_address(host).is_loopback


def _matches(host: str, entry: str) -> bool:
    entry = entry.lower().removesuffix(".")
    return entry in ("*", host) or (entry.startswith("*.") and host.endswith(entry[1:]))


def _own_names(resolv_conf: Path) -> set[str]:
    name = socket.gethostname().lower()
    return {name, *(f"{name.partition('.')[0]}.{domain}" for domain in _search_domains(resolv_conf))}


def _search_domains(resolv_conf: Path) -> list[str]:
    try:
        lines = [line.split() for line in resolv_conf.read_text(errors="replace").splitlines()]
    except OSError:
        return []
    return [
        domain.lower().rstrip(".") for line in lines if line and line[0] in ("search", "domain") for domain in line[1:]
    ]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
