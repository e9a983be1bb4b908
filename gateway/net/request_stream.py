"""Streams of HTTP requests: a request that Tornado would close the connection for gets an answer first.

The answer is followed by the end of the connection, but not at once: a connection that is closed while the client still
sends is reset, and a client that sees a reset may throw the answer away (RFC 9112, section 9.6).
"""

import asyncio
import contextlib
import math
import re
import socket
import ssl
from collections.abc import Callable
from functools import partial

from tornado.iostream import SSLIOStream, StreamClosedError
from tornado.log import gen_log

from gateway.net import request_head
from gateway.net.counted_stream import CountedStream
from gateway.net.request_head import Refusal

LINGER_SECONDS = 2.0
"""How long a client that was refused may go on to send."""
LINGER_BYTES = 1024 * 1024
READ_BYTES = 64 * 1024
MALFORMED = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""Tornado's own answer to what it finds malformed later, such as the body."""
MAX_LENGTH_LINE_BYTES = 64
LENGTH_OR_TOO_LONG = rb"(?s)\A(?:.{0,%d}?\r\n|.{%d})" % (MAX_LENGTH_LINE_BYTES - 2, MAX_LENGTH_LINE_BYTES + 1)
_CHUNK_LENGTH = re.compile(rb"[0-9A-Fa-f]{1,16}")
LATER = Refusal(400, "bad-request", "the request is malformed")


class RequestStream(CountedStream):
    """Refuses requests that are malformed, too large, or do not come to an end."""

    check_head: Callable[[bytes], Refusal | None] = staticmethod(lambda _: None)
    """Why a request is refused; None if it is not."""
    max_body_bytes: float = math.inf
    """Of a body in chunks. `check_head` compares a Content-Length."""
    request_seconds: float | None = None
    """How long a head may take, and a body after it; None for any time."""
    _head = b""
    _chunked_bytes = 0
    _is_refused = False

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Called by Tornado, for the head of a request."""
        checked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        read = super().read_until_regex(request_head.COMPLETE_OR_TOO_LARGE, request_head.MAX_HEAD_BYTES + 1)
        if read.done():
            self._check(checked, read)
        else:
            read.add_done_callback(partial(self._check, checked))
            if self.request_seconds is not None:
                timer = asyncio.get_running_loop().call_later(self.request_seconds, self._end_head, checked)
                checked.add_done_callback(lambda _: timer.cancel())
        return checked

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Called by Tornado, for the length of a chunk. Without the regular expression, a long line gets no answer."""
        read = super().read_until_regex(LENGTH_OR_TOO_LONG, MAX_LENGTH_LINE_BYTES + 1)
        if read.done():
            self._count_chunk(read)
        else:
            read.add_done_callback(self._count_chunk)
        return read

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        """Called by Tornado."""
        if data != MALFORMED:
            return super().write(data)
        is_too_large = self._chunked_bytes > self.max_body_bytes
        refused = request_head.too_large(int(self.max_body_bytes)) if is_too_large else LATER
        return asyncio.ensure_future(self._refuse(request_head.answer(self._head, refused)))

    async def refuse_late(self, head: bytes | None = None) -> None:
        """Answer a request that Tornado is still reading with 408, and end the connection soon.

        Args:
            head: of the request, as far as it is known; None for the last one that was complete.
        """
        if self._is_refused or self.closed():
            return
        self._is_refused = True
        gen_log.info("A request that did not come to its end in time")
        refused = request_head.too_late(self.request_seconds or 0)
        with contextlib.suppress(StreamClosedError, OSError):
            await super().write(request_head.answer(self._head if head is None else head, refused))
            self._end_writing()
            ended = asyncio.Event()  # the read that is under way takes what still comes, and sees the end
            self.add_release_callback(ended.set)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LINGER_SECONDS):
                    await ended.wait()
        self.close()

    def _end_head(self, checked: "asyncio.Future[bytes]") -> None:
        """The time for a head is over. A connection without any byte of one, as browsers keep them, is closed."""
        if checked.done():
            return
        if not self._read_buffer_size:
            self.close()
            return
        task = asyncio.ensure_future(self.refuse_late(b""))
        task.add_done_callback(lambda _: _fail(checked, StreamClosedError()))

    def _count_chunk(self, read: "asyncio.Future[bytes]") -> None:
        if not read.cancelled() and read.exception() is None:
            length = _CHUNK_LENGTH.match(read.result())
            self._chunked_bytes += int(length[0], 16) if length else 0

    def _check(self, checked: "asyncio.Future[bytes]", read: "asyncio.Future[bytes]") -> None:
        if read.cancelled() or checked.cancelled():
            checked.cancel()
            return
        error = read.exception()
        if error is not None:
            _fail(checked, error)
            return
        self._head, self._chunked_bytes = read.result(), 0
        head = self._head
        refusal = self.check_head(head)
        if refusal is None:
            checked.set_result(head)
        else:
            task = asyncio.ensure_future(self._refuse(request_head.answer(head, refusal)))
            task.add_done_callback(lambda _: _fail(checked, StreamClosedError()))

    async def _refuse(self, answer: bytes) -> None:
        self._is_refused = True
        with contextlib.suppress(StreamClosedError, OSError, TimeoutError):
            await super().write(answer)
            self._end_writing()
            async with asyncio.timeout(LINGER_SECONDS):
                left = LINGER_BYTES
                while left > 0:
                    left -= len(await self.read_bytes(READ_BYTES, partial=True))
        self.close()

    def _end_writing(self) -> None:
        if not isinstance(self, SSLIOStream):
            self.socket.shutdown(socket.SHUT_WR)


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
