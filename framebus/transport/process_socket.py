"""The class of every ZeroMQ socket of framebus: it knows its process, and hands addresses to libzmq safely."""

import os
from typing import Any

import zmq


class Address(str):
    """An address that keeps its encoded bytes for as long as it lives.

    pyzmq 26, which Debian 13 has, encodes an address and frees the bytes before libzmq reads them. `python -X dev`
    overwrites them in between, and libzmq answers "Invalid argument".
    """

    __slots__ = ("_bytes",)

    def __init__(self, address: str) -> None:
        self._bytes = str.encode(address)

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The same bytes at each call; the arguments are those of pyzmq, and ignored."""
        return self._bytes


class ProcessSocket(zmq.Socket[bytes]):
    """Knows which process made it: a forked process leaves its parent's sockets alone, and is not warned of them."""

    _maker_pid: int = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._maker_pid = os.getpid()

    @property
    def is_inherited(self) -> bool:
        """Whether another process made it."""
        return self._maker_pid != os.getpid()

    def bind(self, addr: str) -> Any:
        """As of zmq.Socket."""
        return super().bind(Address(addr))

    def unbind(self, addr: str | bytes) -> None:
        """As of zmq.Socket."""
        super().unbind(_kept(addr))

    def connect(self, addr: str) -> Any:
        """As of zmq.Socket."""
        return super().connect(Address(addr))

    def disconnect(self, addr: str | bytes) -> None:
        """As of zmq.Socket."""
        super().disconnect(_kept(addr))

    def monitor(self, addr: str | bytes | None, events: int = zmq.EVENT_ALL) -> None:
        """As of zmq.Socket."""
        super().monitor(None if addr is None else _kept(addr), events)

    def __del__(self) -> None:
        if not self.is_inherited:
            super().__del__()


def _kept(addr: str | bytes) -> str | bytes:
    return Address(addr) if isinstance(addr, str) else addr
