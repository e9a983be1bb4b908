"""How every ZeroMQ socket of framebus is set up, so that none queues, lingers or waits for a dead peer."""

import zmq

from framebus.wire import MAX_MESSAGE_BYTES

HEARTBEAT_IVL_MS = 2000
HEARTBEAT_TIMEOUT_MS = 6000
"""A peer silent for this long is dropped and connected anew: TCP alone would wait for hours."""

RECONNECT_IVL_MS = 100
RECONNECT_IVL_MAX_MS = 300
"""Bounds how long a restarted process waits for its peers. An attempt costs next to nothing."""

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


def subscriber(context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, topic: bytes | None) -> "zmq.Socket[bytes]":
    """A SUB socket that holds the newest message of one topic and no other. The caller closes it.

    CONFLATE keeps one message in all, not one a topic: hence one socket for each topic. Raises zmq.ZMQError for what is
    no endpoint.
    """
    socket = make(context, zmq.SUB)
    # A connecting socket never comes back from a message over MAXMSGSIZE (libzmq issue 4196): wire.split refuses it.
    socket.setsockopt(zmq.MAXMSGSIZE, -1)
    socket.setsockopt(zmq.CONFLATE, 1)
    if topic is not None:
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError:
        socket.close()
        raise
    return socket


def bind_tcp(socket: "zmq.Socket[bytes]", endpoint: str, sndbuf_bytes: int) -> None:
    """Bind a publisher's socket to a tcp endpoint as well, so that a slow link holds little of what is old.

    By default the kernel queues megabytes for such a link, that is seconds. Options hold for what is bound after them:
    so this comes last. Raises zmq.ZMQError.
    """
    socket.setsockopt(zmq.SNDHWM, TCP_SEND_HIGH_WATER_MARK)
    socket.setsockopt(zmq.SNDBUF, sndbuf_bytes)
    socket.bind(endpoint)
