"""The socket that publishes events: who subscribes is reported, and a flood of subscriptions fills no memory."""

import time

import zmq

from framebus.protocol.events import EventHeader
from framebus.protocol.wire import pack
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, share_socket, socket_path
from framebus.transport import sockets
from framebus.transport.reconnecting_socket import ReconnectingSocket

SEND_HIGH_WATER_MARK = 1000
"""Messages that wait for a subscriber that does not read them."""
MAX_SUBSCRIPTION_BYTES = 128
"""No subscription is longer: the topic of the longest camera name takes half of it. A peer that sends more is
disconnected. libzmq keeps 50 bytes for each byte of a topic that no other begins with."""
MAX_TOPICS = 1000
"""Topics that are subscribed to at a time; more than there are cameras, and prefixes of their names."""
MAX_SUBSCRIPTIONS_AT_ONCE = 64
"""More wait for the next turn of the loop, so that a flood of them delays neither events nor the end."""
MAX_SUBSCRIPTIONS_IN_A_ROW = 10_000
"""Without a moment in which none waited. libzmq itself keeps those that wait, as many as come."""
REOPEN_SECONDS = 0.5
"""libzmq closes an endpoint in its own thread, a moment after its socket."""
REOPEN_PAUSE_SECONDS = 0.005


class EventPublisher:
    """Publishes at one endpoint of this machine. Closed with its context."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoint: str,
        group: str | None,
        lock: Lock,
        losses: RateLimitedLog,
    ) -> None:
        """Bind the endpoint.

        Args:
            context: of the socket.
            endpoint: where to publish.
            group: whose members may subscribe, beside this user.
            lock: of the process, which checks the endpoint.
            losses: for floods.

        Raises:
            ProcessError: the endpoint cannot be bound.
        """
        self._context = context
        self._endpoint = endpoint
        self._group = group
        self._lock = lock
        self._losses = losses
        self.topics: set[bytes] = set()
        """Those that are subscribed to."""
        self._in_a_row = 0
        self._open()

    def send(self, header: EventHeader) -> None:
        """Send an event to those who have subscribed to its camera."""
        self.socket.send(pack("event", header.camera, header))

    def take(self) -> bool:
        """Note subscriptions, as many as there is time for; disconnect all peers where there are too many.

        Those that want events connect again within REOPEN_SECONDS, and are new subscribers then.

        Returns:
            Whether there are new subscribers.

        Raises:
            ProcessError: the endpoint cannot be bound again.
        """
        is_new = False
        for _ in range(MAX_SUBSCRIPTIONS_AT_ONCE):
            try:
                message = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                self._in_a_row = 0
                break
            self._in_a_row += 1
            if message.startswith(b"\x01"):
                is_new = True
                self.topics.add(message[1:])
            else:
                self.topics.discard(message[1:])
        if len(self.topics) > MAX_TOPICS or self._in_a_row > MAX_SUBSCRIPTIONS_IN_A_ROW:
            self._reopen()
        return is_new

    def _open(self) -> None:
        self.socket: ReconnectingSocket = sockets.make(self._context, zmq.XPUB)
        """To wait for: it is readable while subscriptions wait. Another one after a flood."""
        self.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.socket.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        try:
            self.socket.bind(self._endpoint)
        except zmq.ZMQError as error:
            self.socket.close()
            raise ProcessError(f"cannot publish at {self._endpoint}: {zmq.strerror(error.errno or 0)}") from None
        share_socket(self._endpoint, self._group)

    def _reopen(self) -> None:
        """Disconnect every peer, with what libzmq keeps for it.

        The socket is another one then: `unbind` would leave the subscriptions that wait, for hours after a flood.
        """
        detail = (
            f"at most {MAX_TOPICS} topics, and {MAX_SUBSCRIPTIONS_IN_A_ROW} subscriptions without a pause, are allowed"
        )
        self._losses.count("floods of subscriptions, after each of which all subscribers were disconnected", detail)
        self.socket.close(linger=0)
        self.topics.clear()
        self._in_a_row = 0
        path = socket_path(self._endpoint)
        deadline = time.monotonic() + REOPEN_SECONDS
        while path is not None and path.exists() and time.monotonic() < deadline:
            # Bound before, the new socket would lose its file to the end of the old one.
            time.sleep(REOPEN_PAUSE_SECONDS)
        self._open()
        self._lock.bound_again(self._endpoint)
