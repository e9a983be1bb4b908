"""What happens in front of cameras, for a program without asyncio. See async_event_subscriber for one with it."""

import os
from abc import ABC, abstractmethod

from framebus.client.closable import Closable, ConnectionT
from framebus.client.connection import Connection
from framebus.client.event_subscription import ALL_CAMERAS, EventOptions, EventSubscription
from framebus.client.loops import Loop
from framebus.client.options import absolute, check_seconds
from framebus.protocol.events import EventHeader


class EventSubscriberBase(Closable[ConnectionT], ABC):
    """A subscriber of events without the way in which they are waited for."""

    def __init__(
        self,
        camera: str | None = None,
        *,
        timeout: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """Connect; this does not wait for the process that looks for motion, and wakes no camera.

        Args:
            camera: The camera's name in the configuration; None for all cameras.
            timeout: Seconds to wait for each message; None waits for ever.
            endpoint: Where events are published, other than the configuration says.
            server_key: The public key of that machine, where it has one.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: A name, time or key is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
            EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
            ResourceError: The process has too few file descriptors left.
        """
        options = EventOptions(
            camera=ALL_CAMERAS if camera is None else camera,
            timeout=timeout,
            endpoint=endpoint,
            server_key=server_key,
            config=absolute(config),
        )
        super().__init__(options, self._connect(EventSubscription(options)))

    @staticmethod
    @abstractmethod
    def _connect(subscription: EventSubscription) -> ConnectionT:
        """The connection of such a subscriber."""


class EventSubscriber(EventSubscriberBase[Connection[EventHeader]], Loop[EventHeader]):
    """Yields what happens in front of a camera: the start of each event, updates once a second, and its end.

    The camera needs `motion = true` in its table. Every start is followed by an end, also when the process that looks
    for motion was killed meanwhile. Up to 1000 messages wait for a slow reader::

        from framebus import EventSubscriber

        with EventSubscriber("front") as subscriber:
            for event in subscriber:
                print(event.camera, event.type, event.phase, f"{event.score:.2f}", event.box)

    `phase` is "start", "update" or "end"; docs/wire-format.md explains every attribute. Closing, threads and processes
    are as of Subscriber.
    """

    @staticmethod
    def _connect(subscription: EventSubscription) -> Connection[EventHeader]:
        return Connection(subscription)

    def receive(self, timeout: float | None = None) -> EventHeader:
        """Wait for the next message.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            The message.

        Raises:
            TimeoutError: Nothing has happened in time. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: Another thread receives, or the subscriber was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return self._connection.receive(self.timeout if timeout is None else timeout)
