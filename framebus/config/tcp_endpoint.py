"""A ZeroMQ endpoint over tcp, as the configuration writes it."""

from typing import ClassVar

import msgspec

from framebus.config.address import Address


class TcpEndpoint(msgspec.Struct, frozen=True):
    """Where frames are published for other machines, as in "tcp://127.0.0.1:5555"."""

    address: Address

    ALLOWED: ClassVar[str] = 'tcp://ADDRESS:PORT, such as "tcp://127.0.0.1:5555"; "tcp://*:5555" is every address'

    @classmethod
    def parse(cls, text: str) -> "TcpEndpoint":
        """Raises ValueError, its text what is allowed."""
        scheme, separator, rest = text.partition("://")
        try:
            address = Address.parse(rest)
        except ValueError:
            raise ValueError(cls.ALLOWED) from None
        if scheme != "tcp" or not separator or not address.host:
            raise ValueError(cls.ALLOWED)
        return cls(address)

    def __str__(self) -> str:
        return f"tcp://{self.address}"
