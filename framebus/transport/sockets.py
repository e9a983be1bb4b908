"""How every ZeroMQ socket of framebus is set up, so that none queues, lingers or waits for a dead peer."""

import zmq

from framebus.protocol.wire import MAX_MESSAGE_BYTES
from framebus.transport.endpoints import Endpoint

HEARTBEAT_IVL_MS = 2000
HEARTBEAT_TIMEOUT_MS = 6000
"""A peer silent for this long is dropped and connected anew: TCP alone would wait for hours."""

RECONNECT_IVL_MS = 100
RECONNECT_IVL_MAX_MS = 300
"""Bounds how long a restarted process waits for its peers. An attempt costs next to nothing."""

CONNECT_TIMEOUT_MS = 2000
"""Over tcp. The kernel tries a dead link again after 1, 2, 4, 8, … seconds: it would find out late that it is whole."""

HANDSHAKE_IVL_MS = 5000
"""Over tcp, who has not said hello by then is cut off; who was refused is let try again then."""

TCP_SEND_HIGH_WATER_MARK = 1
"""Over tcp a frame more that waits is a frame older at the other end."""


def make(context: "zmq.Context[zmq.Socket[bytes]]", kind: int) -> "zmq.Socket[bytes]":
    """A socket with the limits above. The caller closes it."""
    socket = context.socket(kind)
    socket.linger = 0
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_IVL_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_IVL_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_IVL_MAX_MS)
    return socket


def subscriber(
    context: "zmq.Context[zmq.Socket[bytes]]", peer: Endpoint | str, topic: bytes | None
) -> "zmq.Socket[bytes]":
    """A SUB socket that holds the newest message of one topic and no other. The caller closes it.

    CONFLATE keeps one message in all, not one a topic: hence one socket for each topic. A bare endpoint is one without
    keys. Raises zmq.ZMQError for what is no endpoint.
    """
    socket = make(context, zmq.SUB)
    # A connecting socket never comes back from a message over MAXMSGSIZE (libzmq issue 4196): wire.split refuses it.
    socket.setsockopt(zmq.MAXMSGSIZE, -1)
    socket.setsockopt(zmq.CONFLATE, 1)
    if topic is not None:
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    try:
        connect(socket, peer)
    except zmq.ZMQError:
        socket.close()
        raise
    return socket


def connect(socket: "zmq.Socket[bytes]", peer: Endpoint | str) -> None:
    """Connect, with the keys that it takes. Options hold for what is connected after them: so this comes last.

    Raises zmq.ZMQError.
    """
    if isinstance(peer, str):
        peer = Endpoint(peer)
    if not peer.same_host:
        socket.setsockopt(zmq.CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_IVL_MS)
        socket.setsockopt(zmq.IPV6, int("[" in peer.endpoint))
    if peer.server_key is not None and peer.client is not None:
        socket.curve_serverkey = peer.server_key.encode()
        socket.curve_publickey = peer.client.public.encode()
        socket.curve_secretkey = peer.client.secret.encode()
    socket.connect(peer.endpoint)


def limit_tcp(socket: "zmq.Socket[bytes]", endpoint: str, sndbuf_bytes: int | None = None) -> None:
    """Get a socket ready to be bound to a tcp endpoint as well; a publisher's with `sndbuf_bytes`.

    By default the kernel queues megabytes for a slow link, that is seconds of what is old. Options hold for what is
    bound after them: so this comes after all others.
    """
    if sndbuf_bytes is not None:
        socket.setsockopt(zmq.SNDHWM, TCP_SEND_HIGH_WATER_MARK)
        socket.setsockopt(zmq.SNDBUF, sndbuf_bytes)
    socket.setsockopt(zmq.IPV6, int("[" in endpoint))
