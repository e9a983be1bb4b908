"""A viewer of an MJPEG stream: the parts go straight to its socket, which nobody else writes to any more."""

import asyncio
import socket

from tornado.iostream import IOStream

from gateway.cameras import Cameras
from gateway.feed import Feed
from gateway.mjpeg import STREAM_HEAD
from gateway.shot import Shot
from gateway.viewer import Viewer, prefer_fresh

READ_BYTES = 4096
"""What a viewer still says is read, to notice when it leaves, and thrown away."""


class MjpegViewer(Viewer):
    """Owns its socket from the end of the request to the end of the connection."""

    def __init__(self, feed: Feed, cameras: Cameras, connection: socket.socket) -> None:
        """Takes over a connected socket from which the request was read, and joins the feed."""
        super().__init__()
        self._feed = feed
        self._cameras = cameras
        self._socket = connection
        self._socket.setblocking(False)
        prefer_fresh(self._socket)
        self._loop = asyncio.get_running_loop()
        self._shown: Shot | None = None
        self._head: bytes | None = STREAM_HEAD
        self._rest = memoryview(b"")
        self._closed = False
        self._loop.add_reader(self._socket, self._read)
        cameras.admit(self)
        feed.join(self)

    def next_message(self) -> bytes | None:
        """The head of the response, then the newest part."""
        if self._head is not None:
            head, self._head = self._head, None
            return head
        shot = self._feed.shot
        if self._closed or shot is None or shot is self._shown:
            return None
        self._shown = shot
        self._feed.counts["sent"] += 1
        return shot.part

    def repeat(self) -> None:
        """Show the last picture again: browsers draw a part when the next one begins."""
        if not self._in_flight:
            self._shown = None
            self.wake()

    def write(self, message: bytes) -> bool:
        """Send what the kernel takes now, and the rest when it takes more."""
        self._rest = memoryview(message)
        self._send()
        if not self._rest or self._closed:
            return True
        self._loop.add_writer(self._socket, self._resume)
        return False

    def close(self) -> None:
        """End the connection; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._cameras.release(self)
        self._feed.leave(self)

    def _resume(self) -> None:
        self._send()
        if not self._rest and not self._closed:
            self._loop.remove_writer(self._socket)
            self.written()

    def _send(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[self._socket.send(self._rest) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:  # reset, broken pipe, timed out: a viewer that has left, whatever it is called
            self.close()

    def _read(self) -> None:
        try:
            if self._socket.recv(READ_BYTES):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self.close()


def take_over(stream: IOStream) -> socket.socket:
    """The stream's connection as a socket of our own: the stream closes its descriptor, the connection stays."""
    connection: socket.socket = stream.socket.dup()
    stream.close()
    return connection
