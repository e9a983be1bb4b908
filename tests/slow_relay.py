"""A link whose rate a test sets: bytes from a port are passed on at no more than so many a second."""

import contextlib
import socket
import threading
import time
from types import TracebackType

BUFFER_BYTES = 16 * 1024
"""Of the sockets, so that little waits in front of the link."""
CHUNK_BYTES = 2048


class SlowRelay:
    """Passes on connections to a port of its own until the end of the `with` block."""

    def __init__(self, port: int, bytes_per_second: float) -> None:
        """`port` of the loopback address is where it passes on to; the rate may be changed at any time."""
        self.bytes_per_second = bytes_per_second
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "SlowRelay":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        for each in [self._listener, *self._sockets]:
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket()
                far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
                far.connect(("127.0.0.1", self._target))
                self._sockets += [near, far]
                for act, source, sink in ((self._pass_on, near, far), (self._pass_on_slowly, far, near)):
                    self._threads.append(threading.Thread(target=act, args=(source, sink)))
                    self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := source.recv(CHUNK_BYTES):
                sink.sendall(received)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def _pass_on_slowly(self, source: socket.socket, sink: socket.socket) -> None:
        due = time.monotonic()
        with contextlib.suppress(OSError):
            while received := source.recv(CHUNK_BYTES):
                sink.sendall(received)
                due = max(due, time.monotonic() - 0.1) + len(received) / self.bytes_per_second
                time.sleep(max(0.0, due - time.monotonic()))
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
