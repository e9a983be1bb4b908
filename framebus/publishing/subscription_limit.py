"""Limits what subscribers make an XPUB socket keep: where that is too much, its owner disconnects all of them.

libzmq keeps each topic that is subscribed to, 50 bytes for each of its bytes that no other topic begins with, and each
subscription that waits to be read. Which subscriber sent them, it does not say.
"""

import time
from collections.abc import Callable

import zmq

from framebus.runtime.run_dir import socket_path
from framebus.runtime.socket_probe import is_served

MAX_TOPICS_BYTES = 64 * 1024
"""Of all topics that are subscribed to: far more than those of all cameras, and 3 MB in libzmq."""
MAX_SUBSCRIPTION_BYTES = 1024
"""No subscription needs more; libzmq disconnects a subscriber that sends more."""
MAX_SUBSCRIPTIONS_AT_ONCE = 64
"""More wait for the next turn of the loop, so that a flood of them delays neither messages nor the end."""
MAX_WAITING_SUBSCRIPTIONS = 16
"""Of one subscriber (RCVHWM). Without a limit, libzmq takes a flood as a whole before it returns to the loop."""
MAX_SUBSCRIPTIONS_IN_A_ROW = 10_000
"""Without a moment in which none waited."""
DRAIN_SECONDS = 3.0
"""libzmq closes an endpoint and its connections in its own thread, a moment later: on a busy machine, half a second."""
PAUSE_SECONDS = 0.005
FLOODS = "floods of subscriptions, after each of which all subscribers were disconnected"
ALLOWED = (
    f"topics of at most {MAX_TOPICS_BYTES} bytes in all, and {MAX_SUBSCRIPTIONS_IN_A_ROW} subscriptions without a "
    "pause, are allowed"
)


class SubscriptionLimit:
    """Counts the subscriptions of one socket with XPUB_VERBOSE."""

    def __init__(self) -> None:
        self.topics: set[bytes] = set()
        """Those that are subscribed to."""
        self._topics_bytes = 0
        self._in_a_row = 0

    @property
    def is_exceeded(self) -> bool:
        """Whether the subscribers are to be disconnected."""
        return self._topics_bytes > MAX_TOPICS_BYTES or self._in_a_row > MAX_SUBSCRIPTIONS_IN_A_ROW

    def note(self, message: bytes) -> None:
        """Count a message of the socket: 01 and a topic for a subscription, 00 and a topic for the end of the last."""
        self._in_a_row += 1
        verb, topic = message[:1], message[1:]
        if verb == b"\x01" and topic not in self.topics:
            self.topics.add(topic)
            self._topics_bytes += len(topic)
        elif verb == b"\x00" and topic in self.topics:
            self.topics.remove(topic)
            self._topics_bytes -= len(topic)

    def pause(self) -> None:
        """No subscription waits."""
        self._in_a_row = 0

    def unbind(
        self, socket: "zmq.Socket[bytes]", endpoint: str, take: Callable[[bytes], object] = lambda _: None
    ) -> bool:
        """Close an ipc endpoint with its connections, and take what libzmq has of them, until it can be bound again.

        Returns whether they were closed in time. The file of the endpoint stays: the next `bind` replaces it.
        """
        path = socket_path(endpoint)
        socket.unbind(endpoint)
        return self.drain(socket, lambda: not self.topics and (path is None or not is_served(path)), take)

    def drain(
        self,
        socket: "zmq.Socket[bytes]",
        is_done: Callable[[], bool],
        take: Callable[[bytes], object] = lambda _: None,
    ) -> bool:
        """Take what libzmq has of connections that were closed.

        Args:
            socket: the socket.
            is_done: whether to stop, once no message waits; after DRAIN_SECONDS anyway.
            take: called with each message; the last ones are the ends of subscriptions.

        Returns:
            Whether it was done in time.
        """
        deadline = time.monotonic() + DRAIN_SECONDS
        found = False
        while not found and time.monotonic() < deadline:
            if socket.poll(0):
                message = socket.recv()
                self.note(message)
                take(message)
            elif is_done():
                found = True
            else:
                time.sleep(PAUSE_SECONDS)
        self.pause()
        return found
