"""One request to a service, and its reply."""

import contextlib
import math
import time
from collections.abc import Iterator

import zmq

from framebus.client.silence import reason
from framebus.errors import FramebusError, ReplyTimeoutError
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.process_context import exhaustion, process_context

MAX_POLL_SECONDS = 3600.0
"""zmq_poll takes at most 2**31 milliseconds; a longer wait is made of several."""
CANCEL_LINGER_MS = 1000
"""How long libzmq tries to deliver a request that is taken back, in its own thread."""


def ask(
    endpoint: Endpoint,
    request: bytes,
    seconds: float,
    timeout_text: str,
    cancel: bytes | None = None,
    max_poll_seconds: float = MAX_POLL_SECONDS,
) -> bytes:
    """Send a request and wait for its reply; `cancel` takes it back where an exception ends the wait, as Ctrl-C does.

    Raises ReplyTimeoutError, with `timeout_text` and the reason where that is known, EndpointError and ResourceError.
    """
    deadline = time.monotonic() + seconds
    with connected(endpoint) as socket, taking_back(socket, cancel):
        socket.send(request)
        while True:
            left = min(max_poll_seconds, deadline - time.monotonic())
            if socket.poll(math.ceil(max(0.0, left) * 1000)):
                return socket.recv_multipart()[-1]
            if time.monotonic() >= deadline:
                raise ReplyTimeoutError(timeout_text + reason(endpoint))


@contextlib.contextmanager
def taking_back(socket: "zmq.Socket[bytes]", cancel: bytes | None) -> Iterator[None]:
    """Send `cancel` where the wait is ended from outside, so that the service drops the request."""
    try:
        yield
    except FramebusError:  # the time is over, and the service knows that
        raise
    except BaseException:
        if cancel is not None:
            socket.linger = CANCEL_LINGER_MS  # libzmq sends it after the socket was closed
            with contextlib.suppress(zmq.ZMQError):
                socket.send(cancel, zmq.NOBLOCK)
        raise


@contextlib.contextmanager
def connected(endpoint: Endpoint) -> "Iterator[zmq.Socket[bytes]]":
    """A socket for requests. Raises EndpointError and ResourceError."""
    with exhaustion():
        socket = sockets.make(process_context(), zmq.DEALER)
    with socket:
        with exhaustion():
            sockets.connect(socket, endpoint)
        yield socket
