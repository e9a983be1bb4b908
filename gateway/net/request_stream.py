"""Streams of HTTP requests: a request that Tornado would close the connection for gets an answer first.

The answer is followed by the end of the connection, but not at once: a connection that is closed while the client still
sends is reset, and a client that sees a reset may throw the answer away (RFC 9112, section 9.6).
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from functools import partial

from tornado.iostream import SSLIOStream, StreamClosedError

from gateway.net import request_head
from gateway.net.counted_stream import CountedStream
from gateway.net.request_head import Refusal

LINGER_SECONDS = 2.0
"""How long a client that was refused may go on to send."""
LINGER_BYTES = 1024 * 1024
READ_BYTES = 64 * 1024
MALFORMED = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""Tornado's own answer to what it finds malformed later, such as the body."""
LATER = Refusal(400, "bad-request", "the request is malformed, or its body is larger than max_request_kb in [gateway]")


class RequestStream(CountedStream):
    """Refuses the heads of requests that are malformed or too large."""

    check_head: Callable[[bytes], Refusal | None] = staticmethod(lambda _: None)
    """Why a request is refused; None if it is not."""
    _head = b""

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Called by Tornado, for the head of a request."""
        checked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        read = super().read_until_regex(request_head.COMPLETE_OR_TOO_LARGE, request_head.MAX_HEAD_BYTES + 1)
        if read.done():
            self._check(checked, read)
        else:
            read.add_done_callback(partial(self._check, checked))
        return checked

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Called by Tornado."""
        if data == MALFORMED:
            data = request_head.answer(self._head, LATER)
        return super().write(data)

    def _check(self, checked: "asyncio.Future[bytes]", read: "asyncio.Future[bytes]") -> None:
        if read.cancelled() or checked.cancelled():
            checked.cancel()
            return
        error = read.exception()
        if error is not None:
            _fail(checked, error)
            return
        self._head = head = read.result()
        refusal = self.check_head(head)
        if refusal is None:
            checked.set_result(head)
        else:
            task = asyncio.ensure_future(self._refuse(request_head.answer(head, refusal)))
            task.add_done_callback(lambda _: _fail(checked, StreamClosedError()))

    async def _refuse(self, answer: bytes) -> None:
        with contextlib.suppress(StreamClosedError, OSError, TimeoutError):
            await super().write(answer)
            if not isinstance(self, SSLIOStream):
                self.socket.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(LINGER_SECONDS):
                left = LINGER_BYTES
                while left > 0:
                    left -= len(await self.read_bytes(READ_BYTES, partial=True))
        self.close()


class TlsRequestStream(RequestStream, SSLIOStream):
    """The same over TLS."""


def request_stream(
    connection: socket.socket, tls: ssl.SSLContext | None, release: Callable[[], None], max_buffer_bytes: int
) -> RequestStream:
    """Make a stream for an accepted connection that does not block. The TLS handshake is done as the stream is read.

    Raises:
        OSError: it has ended already; the caller closes the connection.
    """
    stream: RequestStream
    if tls is None:
        stream = RequestStream(connection, max_buffer_size=max_buffer_bytes)
    else:
        connection.getpeername()  # a connection that has ended would leave a TLS socket behind
        encrypted = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        stream = TlsRequestStream(encrypted, max_buffer_size=max_buffer_bytes)
    stream.release = release
    return stream


def _fail(future: "asyncio.Future[bytes]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # Tornado may wait no more: then asyncio would log that it was never retrieved
