"""The baseline for a server that copies: a loop that sends a part to each connection, in its own process.

It generates its frames at the camera's rate, with the same time stamps. A connection gets the newest part; what the
kernel does not take at once is sent later. It has no HTTP parser, no limits and no socket options.
"""

import json
import select
import socket
import sys
import time
from pathlib import Path

from benchmarks.load import allow_many_sockets, tell
from benchmarks.parts import STAMP

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=bare\r\n\r\n--bare\r\n"


class Connection:
    """A viewer and the part in flight."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.shown = b""
        self.rest = memoryview(HEAD)


class BaselineServer:
    """Sends until standard input ends."""

    def __init__(self, listener: socket.socket, jpeg: bytes, fps: float) -> None:
        self._listener = listener
        self._jpeg = jpeg
        self._period = 1 / fps
        self._part = b""
        self._connections: dict[int, Connection] = {}
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._poll.register(sys.stdin, select.EPOLLIN)

    def run(self) -> None:
        """Serve until standard input ends."""
        due = time.monotonic()
        while True:
            for descriptor, events in self._poll.poll(max(0.0, due - time.monotonic())):
                if descriptor == 0:
                    return
                if descriptor == self._listener.fileno():
                    self._accept()
                else:
                    self._resume(self._connections[descriptor], events)
            if time.monotonic() >= due:
                due = max(due + self._period, time.monotonic())
                self._part = self._next_part()
                for connection in list(self._connections.values()):
                    if not connection.rest:
                        self._send(connection)

    def _next_part(self) -> bytes:
        stamped = b"%b%019d" % (STAMP, time.monotonic_ns())
        body = stamped + self._jpeg[2:]
        return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--bare\r\n" % (len(body), body)

    def _accept(self) -> None:
        peer, _ = self._listener.accept()
        peer.setblocking(False)
        self._connections[peer.fileno()] = Connection(peer)
        self._poll.register(peer, select.EPOLLIN)

    def _resume(self, connection: Connection, events: int) -> None:
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            try:
                gone = not connection.peer.recv(4096)
            except OSError:
                gone = True
            if gone:
                self._forget(connection)
                return
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        """Send the rest and then the newest part, until the kernel takes no more."""
        was_full = bool(connection.rest)
        try:
            while True:
                if not connection.rest:
                    if connection.shown is self._part:
                        break
                    connection.shown = self._part
                    connection.rest = memoryview(self._part)
                connection.rest = connection.rest[connection.peer.send(connection.rest) :]
        except BlockingIOError:
            if not was_full:
                self._poll.modify(connection.peer, select.EPOLLIN | select.EPOLLOUT)
            return
        except OSError:
            self._forget(connection)
            return
        if was_full:
            self._poll.modify(connection.peer, select.EPOLLIN)

    def _forget(self, connection: Connection) -> None:
        del self._connections[connection.peer.fileno()]
        connection.peer.close()


def main() -> None:
    """Run the process; it prints the port that it listens on."""
    allow_many_sockets()
    settings = json.loads(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    tell({"port": listener.getsockname()[1]})
    BaselineServer(listener, Path(settings["picture"]).read_bytes(), settings["fps"]).run()


if __name__ == "__main__":
    main()
