"""What every subscriber has: a connection, and how it is closed, dropped and pickled."""

import weakref
from typing import Any, Generic, Protocol, Self, TypeVar

from framebus.client.options import Options
from framebus.errors import SubscriberClosed


class ClosableConnection(Protocol):
    """The part of a subscriber that outlives it for a moment, so that a dropped subscriber can be closed."""

    @property
    def closing(self) -> bool:
        """Whether `close` was called."""

    def close(self) -> None:
        """Close it, from any thread."""


ConnectionT = TypeVar("ConnectionT", bound=ClosableConnection)


class Closable(Generic[ConnectionT]):
    """A subscriber without its arguments."""

    def __init__(self, options: Options, connection: ConnectionT) -> None:
        """Own a connection."""
        self.camera = options.camera
        self.timeout = options.timeout
        self._options = options
        self._connection = connection
        self._finalizer = weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Close the connection, from any thread. May be called more than once; raises nothing."""
        self._finalizer.detach()
        self._connection.close()

    def _check_open(self) -> Self:
        if self._connection.closing:
            raise SubscriberClosed(self.camera)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _connect_again, (type(self._check_open()), self._options)


def _connect_again(kind: type[Any], options: Options) -> Any:
    return kind(**options.arguments())
