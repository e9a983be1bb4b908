"""IP addresses by the functions of the system: the module `ipaddress` takes 0.3 MB in each process."""

from socket import AF_INET, AF_INET6, inet_pton

_MAPPED = bytes(10) + b"\xff\xff"
"""The first bytes of an IPv4 address in IPv6 (RFC 4291, section 2.5.5.2)."""
IPV4_BYTES = 4
_LOOPBACK_V6 = bytes(15) + b"\x01"
_LOOPBACK_V4 = 127
"""The first byte of 127.0.0.0/8 (RFC 1122, section 3.2.1.3)."""


def packed(text: str) -> bytes | None:
    """The 4 or 16 bytes of an IPv4 or IPv6 address without a scope; None for what is none."""
    for family in (AF_INET, AF_INET6):
        try:
            return inet_pton(family, text)
        except (OSError, ValueError):  # ValueError: it has a NUL, or letters that are not ASCII
            pass
    return None


def is_loopback(text: str) -> bool:
    """Whether this is an address that only this machine can reach."""
    address = packed(text) or b""
    short = address.removeprefix(_MAPPED)
    return address == _LOOPBACK_V6 or (len(short) == IPV4_BYTES and short[0] == _LOOPBACK_V4)
