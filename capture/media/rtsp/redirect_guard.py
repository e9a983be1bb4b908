"""A relay between FFmpeg and an RTSP camera with a login; it closes the connection when a reply redirects.

FFmpeg follows a redirect (RFC 2326, section 11.3.3) to any address, and answers the challenge there with the login of
the camera, or sends a Basic login at once. It has no option against that. Over this relay, FFmpeg sees no redirect.
"""

import contextlib
import select
import socket
import threading
import time

READ_BYTES = 64 * 1024
MAX_PREAMBLE_BYTES = 256 * 1024
"""How much the camera may say before FFmpeg asks for the pictures."""
FIELD = b"\nlocation:"
"""As FFmpeg reads it: at the beginning of a line, in small letters or capitals; it passes over each CR."""
FROM_THEN_ON = b"PLAY "
"""The request after which FFmpeg follows no redirect."""
LOOK_SECONDS = 0.2


class RedirectGuard:
    """Relays one connection from a port of this machine's loopback address. The owner closes it."""

    def __init__(self, host: str, port: int, patience_seconds: float) -> None:
        """Connect to the camera. Raises OSError."""
        self.has_redirected = False
        """Whether the camera has tried to."""
        self._patience_seconds = patience_seconds
        self._camera = socket.create_connection((host, port), patience_seconds)
        try:
            self._camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        except OSError:
            self._camera.close()
            raise
        self.port = int(self._listener.getsockname()[1])
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtsp relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the connection, and wait for the thread."""
        self._has_ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._camera, contextlib.suppress(OSError), self._accepted() as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._relay(client)
        finally:
            self._listener.close()

    def _accepted(self) -> socket.socket:
        """The connection of FFmpeg; there is only one. Raises OSError."""
        with self._listener:
            deadline = time.monotonic() + self._patience_seconds
            while not self._has_ended.is_set() and time.monotonic() < deadline:
                if select.select([self._listener], [], [], LOOK_SECONDS)[0]:
                    return self._listener.accept()[0]
        raise TimeoutError

    def _relay(self, client: socket.socket) -> None:
        watch = _Preamble()
        other = {client: self._camera, self._camera: client}
        while not self._has_ended.is_set():
            for source in select.select(list(other), [], [], LOOK_SECONDS)[0]:
                data = source.recv(READ_BYTES)
                if not data:
                    return
                if source is client:
                    watch.asked(data)
                elif not watch.allows(data):
                    self.has_redirected = True
                    return
                other[source].sendall(data)


class _Preamble:
    """What was said before the pictures."""

    def __init__(self) -> None:
        self._requests = b""
        self._replies = b"\n"
        self._is_over = False

    def asked(self, data: bytes) -> None:
        if not self._is_over:
            self._requests = (self._requests + data)[-READ_BYTES - len(FROM_THEN_ON) :]
            self._is_over = b"\n" + FROM_THEN_ON in self._requests or self._requests.startswith(FROM_THEN_ON)

    def allows(self, data: bytes) -> bool:
        """Whether FFmpeg may see this reply, or part of one."""
        if self._is_over:
            return True
        self._replies += data.replace(b"\r", b"").lower()
        return FIELD not in self._replies and len(self._replies) <= MAX_PREAMBLE_BYTES
