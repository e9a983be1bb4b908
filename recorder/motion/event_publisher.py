"""The socket that publishes events: who subscribes is reported, and a flood of subscriptions fills no memory."""

import zmq

from framebus.protocol.events import EventHeader
from framebus.protocol.wire import pack
from framebus.publishing.subscription_limit import (
    ALLOWED,
    FLOODS,
    MAX_SUBSCRIPTIONS_AT_ONCE,
    MAX_WAITING_SUBSCRIPTIONS,
    SubscriptionLimit,
)
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, share_socket
from framebus.transport import sockets
from framebus.transport.reconnecting_socket import ReconnectingSocket

SEND_HIGH_WATER_MARK = 1000
"""Messages that wait for a subscriber that does not read them."""
MAX_SUBSCRIPTION_BYTES = 128
"""No subscription is longer: the topic of the longest camera name takes half of it. A peer that sends more is
disconnected."""


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
        self._endpoint = endpoint
        self._group = group
        self._lock = lock
        self._losses = losses
        self._limit = SubscriptionLimit()
        self.socket: ReconnectingSocket = sockets.make(context, zmq.XPUB)
        """To wait for: it is readable while subscriptions wait."""
        self.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.socket.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        self.socket.setsockopt(zmq.RCVHWM, MAX_WAITING_SUBSCRIPTIONS)
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        self._bind()

    @property
    def topics(self) -> set[bytes]:
        """Those that are subscribed to."""
        return self._limit.topics

    def send(self, header: EventHeader) -> None:
        """Send an event to those who have subscribed to its camera."""
        self.socket.send(pack("event", header.camera, header))

    def take(self) -> bool:
        """Note subscriptions, as many as there is time for; disconnect all peers where there are too many.

        Those that want events connect again at once, and are new subscribers then.

        Returns:
            Whether there are new subscribers.

        Raises:
            ProcessError: the endpoint cannot be bound again.
        """
        is_new = False
        for _ in range(MAX_SUBSCRIPTIONS_AT_ONCE):
            if not sockets.has_message(self.socket):
                self._limit.pause()
                break
            message = self.socket.recv()
            self._limit.note(message)
            is_new = is_new or message.startswith(b"\x01")
        if self._limit.is_exceeded:
            self._disconnect_subscribers()
        return is_new

    def _bind(self) -> None:
        try:
            self.socket.bind(self._endpoint)
        except zmq.ZMQError as error:
            self.socket.close()
            raise ProcessError(f"cannot publish at {self._endpoint}: {zmq.strerror(error.errno or 0)}") from None
        share_socket(self._endpoint, self._group)

    def _disconnect_subscribers(self) -> None:
        """Disconnect every subscriber, with what libzmq keeps for it."""
        self._losses.count(FLOODS, ALLOWED)
        self._limit.unbind(self.socket, self._endpoint)
        self._bind()
        self._lock.bound_again(self._endpoint)
