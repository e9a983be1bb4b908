"""A stream of Tornado's that says when its connection ends, so that whoever let it in can count."""

import socket
from collections.abc import Callable

from tornado.iostream import IOStream


def nothing() -> None:
    """What there is to say of a connection that nobody counts."""


class CountedStream(IOStream):
    """Calls `let_go` once, when the connection has ended or was handed over."""

    def __init__(self, connection: socket.socket, let_go: Callable[[], None], max_buffer_size: int) -> None:
        super().__init__(connection, max_buffer_size=max_buffer_size)
        self._let_go = let_go

    def hand_over(self) -> Callable[[], None]:
        """The connection goes on without this stream: what is returned is to be called at its end instead."""
        let_go, self._let_go = self._let_go, nothing
        return let_go

    def close_fd(self) -> None:
        """Called by Tornado, once."""
        super().close_fd()
        self._let_go()
