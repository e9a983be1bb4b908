"""Streams that report the end of their connection and the bytes written, and that share the event loop.

Tornado serves what has arrived already without a pause. A client that sends much more than it gets answers for, such as
millions of empty pings over one websocket, would block the loop: before 6.5.11 Tornado itself has no limit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from tornado.iostream import IOStream

READS_PER_TURN = 64
"""Reads that one connection gets in a turn of the event loop; a websocket frame takes two to four."""
READ_AHEAD_BYTES = 16 * 1024
"""Taken at most at once of what has come over a websocket."""

T = TypeVar("T")


def do_nothing() -> None:
    """What to call at the end of a connection that is not counted."""


class CountedStream(IOStream):
    """Calls `release` once, when the connection has ended or was handed over."""

    release: Callable[[], None] = staticmethod(do_nothing)
    written_bytes = 0
    """Bytes that the kernel has taken."""
    _reads = 0
    _ahead: bytearray | None = None
    """What has come and was not asked for yet, after `read_ahead`."""

    def add_release_callback(self, callback: Callable[[], None]) -> None:
        """Call this at the end of the connection, too."""
        before = self.release

        def both() -> None:
            before()
            callback()

        self.release = both

    def take_release(self) -> Callable[[], None]:
        """The connection goes on without this stream: the caller has to call what is returned at its end."""
        release, self.release = self.release, do_nothing
        return release

    def close_fd(self) -> None:
        """Called by Tornado, once."""
        super().close_fd()
        self.take_release()()

    def write_to_fd(self, data: memoryview) -> int:
        """Called by Tornado."""
        sent = super().write_to_fd(data)
        self.written_bytes += sent or 0
        return sent

    def read_ahead(self) -> None:
        """Take what has come at once, for a websocket that gets many small messages.

        Tornado reads a frame in two to four parts, each with the work of a read from a socket, and leaves epoll in
        between. To be called before the first frame is read; from then on, only `read_bytes` may be called, without
        `partial`.
        """
        self._ahead = bytearray()

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        """Called by Tornado, for websocket frames and bodies."""
        if self._ahead is not None:
            return self._taken(self._ahead, num_bytes)
        return self._paced(super().read_bytes(num_bytes, partial))

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Called by Tornado, for the chunks of a body."""
        return self._paced(super().read_until(delimiter, max_bytes))

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> "asyncio.Future[bytes]":
        """Called by Tornado, for the head of a request."""
        return self._paced(super().read_until_regex(regex, max_bytes))

    async def _taken(self, ahead: bytearray, num_bytes: int) -> bytes:
        """So many bytes of what has come, as soon as they are there."""
        while len(ahead) < num_bytes:
            ahead += await self._paced(super().read_bytes(READ_AHEAD_BYTES, partial=True))
        self._reads += 1
        if self._reads >= READS_PER_TURN:
            self._reads = 0
            await asyncio.sleep(0)
        taken = bytes(ahead[:num_bytes])
        del ahead[:num_bytes]
        return taken

    def _paced(self, awaitable: Awaitable[T]) -> "asyncio.Future[T]":
        """The same read, done in a later turn of the loop when this connection has had its share of this one."""
        read = cast("asyncio.Future[T]", awaitable)  # Tornado promises less than it returns
        if not read.done():
            self._reads = 0
            return read
        self._reads += 1
        if self._reads < READS_PER_TURN:
            return read
        self._reads = 0
        loop = asyncio.get_running_loop()
        later: asyncio.Future[T] = loop.create_future()
        loop.call_soon(_pass_on, read, later)
        return later


def _pass_on(read: "asyncio.Future[T]", later: "asyncio.Future[T]") -> None:
    if later.cancelled():
        return
    error = read.exception()
    if error is not None:
        later.set_exception(error)
    else:
        later.set_result(read.result())
