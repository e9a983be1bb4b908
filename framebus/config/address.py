"""Where a server listens, as the configuration writes it."""

import re
from typing import ClassVar

import msgspec

from framebus.config.ip_address import is_loopback

MAX_LABEL_LENGTH = 63
"""Of a part of a host name between two dots, in characters (RFC 1035, section 2.3.4)."""


class Address(msgspec.Struct, frozen=True):
    """Where the gateway listens, as in "127.0.0.1:8080" or "[::1]:8080"; an empty host is every address."""

    host: str
    port: int

    ALLOWED: ClassVar[str] = 'HOST:PORT with a port from 1 to 65535, such as "127.0.0.1:8080"'

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Raises ValueError, its text what is allowed."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            raise ValueError(cls.ALLOWED)
        if (":" in host and not bracketed) or not _is_host(host):
            raise ValueError(cls.ALLOWED)
        return cls(host[1:-1] if bracketed else host, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host) or self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _is_host(host: str) -> bool:
    """Whether the functions of `socket` take it as a host; for the rest they raise UnicodeError or TypeError."""
    if any(letter.isspace() or not letter.isprintable() or letter == "/" for letter in host):
        return False
    if host.isascii():  # what the codec checks, without its import
        return all(0 < len(label) <= MAX_LABEL_LENGTH for label in host.removesuffix(".").split(".")) or not host
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
