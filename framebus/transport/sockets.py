"""How every ZeroMQ socket of framebus is set up, so that none queues, lingers or waits for a dead peer."""

import zmq

from framebus.errors import FramebusError
from framebus.protocol.wire import MAX_MESSAGE_BYTES
from framebus.transport.endpoints import Endpoint
from framebus.transport.io_threads import OWN_AFFINITY, set_affinity
from framebus.transport.reconnecting_socket import ReconnectingSocket

HEARTBEAT_IVL_MS = 2000
HEARTBEAT_TIMEOUT_MS = 6000
HEARTBEATS_MS = (HEARTBEAT_IVL_MS, HEARTBEAT_TIMEOUT_MS)
"""Over tcp, a peer silent for this long is disconnected: TCP alone would wait for hours.

Over ipc there are no heartbeats: the kernel reports the end of a process at once, and a reader in another language
that does not answer PING would be disconnected.
"""

RECONNECT_IVL_MS = 100
RECONNECT_IVL_MAX_MS = 300
"""Bounds how long a restarted process waits for its peers. An attempt costs next to nothing."""

CONNECT_TIMEOUT_MS = 2000
"""Over tcp. The kernel retries a dead link after 1, 2, 4, 8, … seconds, which is too slow once the link is back."""

HANDSHAKE_IVL_MS = 5000
"""Over tcp, a peer that has not finished the handshake by then is disconnected; a refused one may retry then."""

SUBSCRIBER_MAX_BYTES = MAX_MESSAGE_BYTES + 65536
"""libzmq disconnects a publisher that sends more; a message that is slightly too large is counted and named instead."""

POLLIN = int(zmq.POLLIN)  # arithmetic with the enumeration takes longer

TCP_SEND_HIGH_WATER_MARK = 1
"""Over tcp, each queued frame makes the frames at the other end one frame older."""


class EndpointError(FramebusError, zmq.ZMQError):
    """An endpoint that cannot be connected to; the text names it and what is allowed."""

    def __init__(self, endpoint: str, errno: int | None) -> None:
        reason = zmq.strerror(errno or 0)
        text = f"endpoint {endpoint!r}: {reason}; allowed: tcp://HOST:PORT or ipc://PATH"
        zmq.ZMQError.__init__(self, errno, text)
        self.endpoint = endpoint

    def __reduce__(self) -> "tuple[type[EndpointError], tuple[str, int | None]]":
        return type(self), (self.endpoint, self.errno)


def make(context: "zmq.Context[zmq.Socket[bytes]]", kind: int) -> ReconnectingSocket:
    """A socket with the limits above. The caller closes it. Raises zmq.ZMQError when there are too many."""
    socket = context.socket(kind, ReconnectingSocket)
    assert isinstance(socket, ReconnectingSocket)  # which pyzmq's annotations do not say
    socket.linger = 0
    socket.setsockopt(zmq.AFFINITY, OWN_AFFINITY)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_IVL_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_IVL_MAX_MS)
    return socket


def subscriber(
    context: "zmq.Context[zmq.Socket[bytes]]",
    endpoint: Endpoint | str,
    topic: bytes | None,
    queue: int = 0,
    heartbeats_ms: tuple[int, int] = HEARTBEATS_MS,
) -> ReconnectingSocket:
    """A SUB socket that holds the newest message of one topic and no other. The caller closes it.

    CONFLATE keeps one message in all, not one a topic: hence one socket for each topic. A bare endpoint has no keys.
    With `queue`, it holds the oldest messages instead, up to so many; its publisher drops what comes when it is full.

    Raises EndpointError, a zmq.ZMQError, when the endpoint is invalid.
    """
    socket = make(context, zmq.SUB)
    socket.setsockopt(zmq.MAXMSGSIZE, SUBSCRIBER_MAX_BYTES)
    if queue:
        socket.setsockopt(zmq.RCVHWM, queue)
    else:
        socket.setsockopt(zmq.CONFLATE, 1)
    if topic is not None:
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    try:
        connect(socket, endpoint, heartbeats_ms)
    except zmq.ZMQError:
        socket.close()
        raise
    return socket


def connect(
    socket: "zmq.Socket[bytes]", endpoint: Endpoint | str, heartbeats_ms: tuple[int, int] = HEARTBEATS_MS
) -> None:
    """Connect, with keys where the endpoint has them. Options apply to later connections only, so call this last.

    Raises EndpointError, a zmq.ZMQError, when the endpoint is invalid.
    """
    if isinstance(endpoint, str):
        endpoint = Endpoint(endpoint)
    set_affinity(socket, endpoint.endpoint)
    if not endpoint.same_host:
        _set_heartbeats(socket, heartbeats_ms)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_IVL_MS)
        socket.setsockopt(zmq.IPV6, int("[" in endpoint.endpoint))
    if endpoint.server_key is not None and endpoint.client is not None:
        socket.curve_serverkey = endpoint.server_key.encode()
        socket.curve_publickey = endpoint.client.public.encode()
        socket.curve_secretkey = endpoint.client.secret.encode()
    try:
        socket.connect(endpoint.endpoint)
    except zmq.ZMQError as error:
        raise EndpointError(endpoint.endpoint, error.errno) from None
    if isinstance(socket, ReconnectingSocket):
        socket.watch(endpoint.endpoint)


def has_message(socket: "zmq.Socket[bytes]") -> bool:
    """Whether a message waits. It costs less than a poll, and much less than a `recv` that finds none."""
    return bool(int(socket.get(zmq.EVENTS)) & POLLIN)


def limit_tcp(socket: "zmq.Socket[bytes]", endpoint: str, sndbuf_bytes: int | None = None) -> None:
    """Get a socket ready to be bound to a tcp endpoint as well; a publisher's with `sndbuf_bytes`.

    By default the kernel queues megabytes for a slow link, which is seconds of old frames. Options apply to later
    bindings only, so call this after the ipc endpoint is bound.
    """
    if sndbuf_bytes is not None:
        socket.setsockopt(zmq.SNDHWM, TCP_SEND_HIGH_WATER_MARK)
        socket.setsockopt(zmq.SNDBUF, sndbuf_bytes)
    _set_heartbeats(socket)
    socket.setsockopt(zmq.IPV6, int("[" in endpoint))


def _set_heartbeats(socket: "zmq.Socket[bytes]", heartbeats_ms: tuple[int, int] = HEARTBEATS_MS) -> None:
    interval_ms, timeout_ms = heartbeats_ms
    socket.setsockopt(zmq.HEARTBEAT_IVL, interval_ms)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, timeout_ms)
    socket.setsockopt(zmq.HEARTBEAT_TTL, timeout_ms)
