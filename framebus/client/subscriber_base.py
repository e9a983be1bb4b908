"""What both subscribers of frames have in common: their arguments, and the count of what they missed."""

import os
from abc import ABC, abstractmethod
from typing import Protocol, TypeVar

from framebus.client.closable import Closable, ClosableConnection
from framebus.client.options import SubscriberKind, SubscriberOptions, absolute
from framebus.protocol.renditions import Rendition


class CountingConnection(ClosableConnection, Protocol):
    """A connection that counts frames."""

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""


ConnectionT = TypeVar("ConnectionT", bound=CountingConnection)


class SubscriberBase(Closable[ConnectionT], ABC):
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
            camera=camera,
            kind=kind,
            rendition=rendition,
            queue=queue,
            timeout=timeout,
            max_age=max_age,
            endpoint=endpoint,
            server_key=server_key,
            config=absolute(config),
        )
        super().__init__(options, self._connect(options))

    @staticmethod
    @abstractmethod
    def _connect(options: SubscriberOptions) -> ConnectionT:
        """The connection of such a subscriber. Raises what `__init__` does."""

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._connection.missed
