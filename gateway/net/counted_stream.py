"""Streams of Tornado's that say when their connection ends, so that whoever let it in can count."""

import socket
import ssl
from collections.abc import Callable

from tornado.iostream import IOStream, SSLIOStream


def nothing() -> None:
    """What there is to say of a connection that nobody counts."""


class CountedStream(IOStream):
    """Calls `let_go` once, when the connection has ended or was handed over."""

    let_go: Callable[[], None] = staticmethod(nothing)
    taken_bytes = 0
    """What the connection has taken from the stream's buffer so far."""

    def hand_over(self) -> Callable[[], None]:
        """The connection goes on without this stream: what is returned is to be called at its end instead."""
        let_go, self.let_go = self.let_go, nothing
        return let_go

    def write_to_fd(self, data: memoryview) -> int:
        """Called by Tornado."""
        taken = super().write_to_fd(data)
        self.taken_bytes += taken
        return taken

    def close_fd(self) -> None:
        """Called by Tornado, once."""
        super().close_fd()
        self.hand_over()()


class CountedTlsStream(CountedStream, SSLIOStream):
    """The same behind TLS."""


def counted(
    connection: socket.socket, tls: ssl.SSLContext | None, let_go: Callable[[], None], max_buffer_bytes: int
) -> CountedStream:
    """A stream for a connection that was accepted, and does not block; the handshake of TLS is done as it is read.

    Raises OSError when it has ended already; the connection is the caller's to close then.
    """
    stream: CountedStream
    if tls is None:
        stream = CountedStream(connection, max_buffer_size=max_buffer_bytes)
    else:
        connection.getpeername()  # what has gone already would leave a socket of TLS behind
        encrypted = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        stream = CountedTlsStream(encrypted, max_buffer_size=max_buffer_bytes)
    stream.let_go = let_go
    return stream
