"""One request to a service, and its reply."""

import contextlib
import math
import time
from collections.abc import Iterator

import zmq

from framebus.client.silence import reason
from framebus.errors import ReplyTimeoutError
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.process_context import exhaustion, process_context

MAX_POLL_SECONDS = 3600.0
"""zmq_poll takes at most 2**31 milliseconds; a longer wait is made of several."""


def ask(endpoint: Endpoint, request: bytes, seconds: float, timeout_text: str) -> bytes:
    """Send a request and wait for its reply.

    Raises ReplyTimeoutError, with `timeout_text` and the reason where that is known, EndpointError and ResourceError.
    """
    deadline = time.monotonic() + seconds
    with connected(endpoint) as socket:
        socket.send(request)
        while True:
            left = min(MAX_POLL_SECONDS, deadline - time.monotonic())
            if socket.poll(math.ceil(max(0.0, left) * 1000)):
                return socket.recv_multipart()[-1]
            if time.monotonic() >= deadline:
                raise ReplyTimeoutError(timeout_text + reason(endpoint))


@contextlib.contextmanager
def connected(endpoint: Endpoint) -> "Iterator[zmq.Socket[bytes]]":
    """A socket for requests. Raises EndpointError and ResourceError."""
    with exhaustion():
        socket = sockets.make(process_context(), zmq.DEALER)
    with socket:
        with exhaustion():
            sockets.connect(socket, endpoint)
        yield socket
