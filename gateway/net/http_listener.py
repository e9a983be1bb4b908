"""Accepts connections for the HTTP server: within the limits, over TLS if configured, each watched for progress."""

import asyncio
import logging
import socket
import ssl
from collections import deque
from functools import partial
from typing import Any

from tornado.httpserver import HTTPServer

from framebus.runtime.descriptors import allow_descriptors
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.acceptor import Acceptor
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.progress import ProgressWatch
from gateway.net.request_head import Refusal, refusal
from gateway.net.request_stream import request_stream

logger = logging.getLogger("gateway")

MAX_BUFFER_BYTES = 1024 * 1024
"""Unread bytes that Tornado may buffer for one connection."""
DEFAULT_MAX_BODY_BYTES = 64 * 1000
MAX_SERVED_AT_ONCE = 64
"""New connections that are served in one turn of the event loop, so that viewers are served in between."""
TCP_CLOSE = 7
TCP_CLOSE_WAIT = 8
"""Of tcpi_state, the first byte of TCP_INFO (include/net/tcp_states.h of Linux)."""
OTHER_DESCRIPTORS = 256
"""Open files beside the connections: sockets to the cameras and the other processes."""


class HttpListener:
    """Passes each accepted connection to an HTTP server. Its owner closes it, and the server."""

    def __init__(
        self,
        listener: socket.socket,
        server: HTTPServer,
        limits: ConnectionLimits,
        progress: ProgressWatch,
        losses: RateLimitedLog,
        tls: ssl.SSLContext | None = None,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        request_seconds: float | None = None,
    ) -> None:
        """Start to accept.

        Args:
            listener: a socket that does not block; it is closed with this object.
            server: gets each connection as a stream.
            limits: the open connections.
            progress: closes connections that take too little.
            losses: counts refused connections and requests.
            tls: encrypts the connections; None for plain HTTP.
            max_body_bytes: requests with a larger body are refused.
            request_seconds: how long a head may take, and a body after it; None for any time.
        """
        self._server = server
        self._limits = limits
        self._progress = progress
        self._losses = losses
        self._tls = tls
        self._max_body_bytes = max_body_bytes
        self._request_seconds = request_seconds
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[socket.socket, Any]] = deque()
        self._acceptor = Acceptor(listener, self._accepted, losses)

    def close(self) -> None:
        """Stop accepting. Open connections stay."""
        self._acceptor.close()
        while self._waiting:
            connection, address = self._waiting.popleft()
            connection.close()
            self._limits.release(address[0])

    def _accepted(self, connection: socket.socket, address: Any) -> None:
        """Let a connection wait for its turn: accepting takes a hundredth of the time that serving a request takes.

        Were the connections of a flood left in the kernel's queue until then, that would be full. The kernel drops what
        comes while it is, and other clients try again after 1, 3 and 7 s.
        """
        peer = address[0]
        too_many = self._limits.refusal(peer)
        if too_many is not None:
            self._losses.count("connections refused", too_many)
            connection.close()
            return
        self._limits.acquire(peer)
        if not self._waiting:
            self._loop.call_soon(self._serve_waiting)
        self._waiting.append((connection, address))

    def _serve_waiting(self) -> None:
        is_flooded = len(self._waiting) > MAX_SERVED_AT_ONCE
        served = 0
        while self._waiting and served < MAX_SERVED_AT_ONCE:
            connection, address = self._waiting.popleft()
            if is_flooded and has_left(connection):  # else one that ends its side after its request is served, too
                self._losses.count("connections refused", "their clients had left before their turn")
                connection.close()
                self._limits.release(address[0])
            else:
                self._serve(connection, address)
                served += 1
        if self._waiting:
            self._loop.call_soon(self._serve_waiting)

    def _serve(self, connection: socket.socket, address: Any) -> None:
        connection.setblocking(False)
        release = partial(self._limits.release, address[0])
        try:
            stream = request_stream(connection, self._tls, release, MAX_BUFFER_BYTES)
        except OSError:  # the client has closed it already
            connection.close()
            release()
            return
        stream.check_head = self._check_head
        stream.max_body_bytes = self._max_body_bytes
        stream.request_seconds = self._request_seconds
        self._progress.add(stream)
        self._server.handle_stream(stream, address)

    def _check_head(self, head: bytes) -> Refusal | None:
        refused = refusal(head, self._max_body_bytes)
        if refused is not None:
            self._losses.count("malformed requests", refused.message)
        return refused


def has_left(connection: socket.socket) -> bool:
    """Whether the client has closed or reset a TCP connection, without reading what it has sent."""
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (TCP_CLOSE, TCP_CLOSE_WAIT)
    except OSError:
        return False


def raise_descriptor_limit(max_connections: int) -> None:
    """Raise the limit of open files for this many connections, and warn if the system does not allow it."""
    wanted = max_connections + OTHER_DESCRIPTORS
    allowed = allow_descriptors(wanted)
    if allowed < wanted:
        logger.warning(
            "only %d files may be open, for max_connections in [gateway] it takes %d (ulimit -n)", allowed, wanted
        )
