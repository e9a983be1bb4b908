"""Sends messages to a viewer, one at a time, and reports when each has left. gateway.delivery decides what to send.

The kernel's own queue is kept short: a message has left only when it is on its way to the viewer.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable

from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from gateway.net.counted_stream import CountedStream, do_nothing

TCP_NOTSENT_LOWAT = 25
"""Option of IPPROTO_TCP (linux/tcp.h); Python's socket module does not name it."""
NOTSENT_LOWAT_BYTES = 16 * 1024
"""Bytes that the kernel may hold unsent for one viewer. The default is megabytes: seconds on a slow link."""
NOTHING = memoryview(b"")
READ_BYTES = 4096
"""Input of a viewer is read, to notice when it leaves, and discarded."""


def limit_unsent_bytes(connection: socket.socket) -> None:
    """Let a viewer's socket send at once, and queue little."""
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)


class Transport(ABC):
    """One connection. It does not copy messages, so that all viewers can share one."""

    def __init__(self) -> None:
        self.on_sent: Callable[[], None] = lambda: None
        """Called when a message has left that `send` could not send at once."""
        self.on_close: Callable[[], None] = lambda: None
        """Called once, when either end has closed the connection."""

    @property
    def written_bytes(self) -> int | None:
        """How many bytes the connection has taken so far; None where that is unknown."""
        return None

    @abstractmethod
    def send(self, message: bytes) -> bool:
        """Begin to send.

        Returns:
            Whether the message has left already. If not, `on_sent` follows, and `send` must not be called before that.
        """

    @abstractmethod
    def close(self) -> None:
        """End the connection; may be called twice."""


class SocketTransport(Transport):
    """A plain socket: the cheapest way, with one system call for a message."""

    def __init__(self, connection: socket.socket, on_release: Callable[[], None] = do_nothing) -> None:
        """Take over a connected socket. `on_release` is called when it is closed."""
        super().__init__()
        self._on_release = on_release
        self._socket = connection
        self._socket.setblocking(False)
        limit_unsent_bytes(connection)
        self._rest = NOTHING
        self._written_bytes = 0
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connection, self._read)

    @property
    def written_bytes(self) -> int | None:
        """What the kernel has taken."""
        return self._written_bytes

    def send(self, message: bytes) -> bool:
        """Send what the kernel takes now, and the rest when it takes more."""
        sent = self._send(message)
        if sent == len(message):
            return True
        if self._closed:
            return False
        self._rest = memoryview(message)[sent:]
        self._loop.add_writer(self._socket, self._resume)
        return False

    def close(self) -> None:
        """End the connection at once."""
        if self._closed:
            return
        self._closed = True
        self._rest = NOTHING
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._on_release()
        self.on_close()

    def _resume(self) -> None:
        rest = self._rest[self._send(self._rest) :]
        if self._closed:
            return
        self._rest = rest or NOTHING  # an empty part of a message would keep all of it
        if not rest:
            self._loop.remove_writer(self._socket)
            self.on_sent()

    def _send(self, data: bytes | memoryview) -> int:
        try:
            sent = self._socket.send(data)
            self._written_bytes += sent
            return sent
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # reset, broken pipe, timed out: a viewer that has left, whatever it is called
            self.close()
            return 0

    def _read(self) -> None:
        try:
            if self._socket.recv(READ_BYTES):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self.close()


class StreamTransport(Transport):
    """A Tornado stream, which Tornado goes on reading: a websocket, or TLS."""

    def __init__(self, stream: IOStream) -> None:
        """Send over an open stream, which its owner keeps."""
        super().__init__()
        self._stream = stream
        self._encrypted = isinstance(stream, SSLIOStream)
        self._written_bytes = 0
        limit_unsent_bytes(stream.socket)

    @property
    def written_bytes(self) -> int | None:
        """What the kernel has taken, from us or from the stream's buffer."""
        return self._written_bytes + self._stream.written_bytes if isinstance(self._stream, CountedStream) else None

    def send(self, message: bytes) -> bool:
        """Send what the kernel takes directly, and the rest through the stream's buffer."""
        stream = self._stream
        sent = 0
        try:
            if not self._encrypted and not stream.writing():
                sent = stream.socket.send(message)
                self._written_bytes += sent
                if sent == len(message):
                    return True
        except (BlockingIOError, InterruptedError):
            pass
        except (OSError, AttributeError):  # the viewer has left, or Tornado has noticed already and dropped its socket
            stream.close()
            return False
        try:
            left = stream.write(memoryview(message)[sent:])
        except StreamClosedError:
            return False
        if not stream.writing():
            return True
        left.add_done_callback(lambda done: self.on_sent() if done.exception() is None else None)
        return False

    def close(self) -> None:
        """End the connection at once."""
        self._stream.close()


def detached_transport(stream: IOStream) -> Transport:
    """The transport for a stream that Tornado has detached: its socket, or the stream itself for TLS."""
    if isinstance(stream, SSLIOStream):
        transport: Transport = StreamTransport(stream)
        stream.set_close_callback(lambda: transport.on_close())
        return transport
    connection: socket.socket = stream.socket.dup()
    release = stream.take_release() if isinstance(stream, CountedStream) else do_nothing
    stream.close()  # its descriptor alone: the connection lives on in ours
    return SocketTransport(connection, release)
