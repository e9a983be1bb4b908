"""What both subscribers have in common: their options, their connection, and how they are closed and pickled."""

import os
import weakref
from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, Self, TypeVar

from framebus.client.options import SubscriberKind, SubscriberOptions, absolute
from framebus.client.subscription import Subscription
from framebus.errors import SubscriberClosed
from framebus.protocol.renditions import Rendition


class ClosableConnection(Protocol):
    """The part of a subscriber that outlives it for a moment, so that a dropped subscriber can be closed."""

    subscription: Subscription

    @property
    def closing(self) -> bool:
        """Whether `close` was called."""

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""

    def close(self) -> None:
        """Close it, from any thread."""


ConnectionT = TypeVar("ConnectionT", bound=ClosableConnection)


class SubscriberBase(ABC, Generic[ConnectionT]):
    """A subscriber without the way in which frames are waited for."""

    def __init__(
        self,
        camera: str,
        *,
        kind: SubscriberKind = "live",
        rendition: Rendition | None = None,
        queue: int = 0,
        timeout: float | None = None,
        max_age: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """Connect to a camera; this does not wait for it.

        Args:
            camera: The camera's name in the configuration.
            kind: "live" makes the camera run at its full rate; "peek" takes frames at the idle rate and leaves the
                camera idle.
            rendition: "half" or "quarter" takes frames of half or a quarter of the width and height, at most
                `rendition_fps` a second; None takes them as the camera makes them.
            queue: Hand over every frame, in order, while the loop is at most so many frames behind; beyond that,
                frames are lost, and counted as missed. The queue holds so many frames in memory, and some more on
                their way. 0 hands over the newest frame only.
            timeout: Seconds to wait for each frame; None waits for ever.
            max_age: Frames older than so many seconds are skipped, and counted as missed; None takes any age.
            endpoint: A camera outside the configuration, such as "tcp://10.0.0.7:5555".
            server_key: The public key of that machine, where it has one. This machine's own key is read from the
                secrets file of the configuration.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: A name, kind, number, time or key is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
            EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
            ResourceError: The process has too few file descriptors left.
        """
        options = SubscriberOptions(
            camera,
            kind=kind,
            rendition=rendition,
            queue=queue,
            timeout=timeout,
            max_age=max_age,
            endpoint=endpoint,
            server_key=server_key,
            config=absolute(config),
        )
        self.camera = camera
        self.timeout = timeout
        self._connection = self._connect(options)
        self._finalizer = weakref.finalize(self, self._connection.close)

    @staticmethod
    @abstractmethod
    def _connect(options: SubscriberOptions) -> ConnectionT:
        """The connection of such a subscriber. Raises what `__init__` does."""

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._connection.missed

    def close(self) -> None:
        """Close the connection, from any thread. May be called more than once."""
        self._finalizer.detach()
        self._connection.close()

    def _check_open(self) -> Self:
        if self._connection.closing:
            raise SubscriberClosed(self.camera)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _connect_again, (type(self._check_open()), self._connection.subscription.options)


def _connect_again(kind: type[Any], options: SubscriberOptions) -> Any:
    return kind(**options.arguments())
