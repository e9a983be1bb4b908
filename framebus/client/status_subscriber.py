"""Each change of a camera's state, for a program without asyncio. See async_status_subscriber for one with it."""

import os
from abc import ABC, abstractmethod

from framebus.client.closable import Closable, ConnectionT
from framebus.client.connection import Connection
from framebus.client.loops import Loop
from framebus.client.options import Options, absolute, check_seconds
from framebus.client.status_subscription import StatusSubscription
from framebus.protocol.wire import StatusHeader


class StatusSubscriberBase(Closable[ConnectionT], ABC):
    """A subscriber of the status without the way in which changes are waited for."""

    def __init__(
        self,
        camera: str,
        *,
        timeout: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """Connect to a camera; this does not wait for it, and leaves it idle.

        Args:
            camera: The camera's name in the configuration.
            timeout: Seconds to wait for each change; None waits for ever.
            endpoint: A camera outside the configuration, such as "tcp://10.0.0.7:5555".
            server_key: The public key of that machine, where it has one.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: A name, time or key is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
            EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
            ResourceError: The process has too few file descriptors left.
        """
        options = Options(
            camera=camera, timeout=timeout, endpoint=endpoint, server_key=server_key, config=absolute(config)
        )
        super().__init__(options, self._connect(StatusSubscription(options)))

    @staticmethod
    @abstractmethod
    def _connect(subscription: StatusSubscription) -> ConnectionT:
        """The connection of such a subscriber."""


class StatusSubscriber(StatusSubscriberBase[Connection[StatusHeader]], Loop[StatusHeader]):
    """Yields the state of a camera, and then each change: another state, another reason, another process.

    The first one comes at once where the camera's process runs. A process that sends nothing for three seconds makes
    the state `offline`, with `pid` 0; one that ends makes the same. A reader that is slow gets the newest change::

        from framebus import StatusSubscriber

        with StatusSubscriber("front") as subscriber:
            for status in subscriber:
                print(status.camera, status.state, status.reason)

    `state` is "starting", "live", "idle" or "offline"; docs/wire-format.md explains every attribute. Closing, threads
    and processes are as of Subscriber.
    """

    @staticmethod
    def _connect(subscription: StatusSubscription) -> Connection[StatusHeader]:
        return Connection(subscription)

    def receive(self, timeout: float | None = None) -> StatusHeader:
        """Wait for the next change.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            The status after the change.

        Raises:
            TimeoutError: Nothing has changed in time. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: Another thread receives, or the subscriber was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return self._connection.receive(self.timeout if timeout is None else timeout)
