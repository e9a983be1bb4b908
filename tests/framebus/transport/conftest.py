"""Fixtures for the tests of sockets."""

from collections.abc import Callable, Iterator

import pytest
import zmq

from framebus.transport import sockets
from framebus.transport.reconnecting_socket import ReconnectingSocket

Subscribe = Callable[[str, bytes | None], ReconnectingSocket]


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """Make a SUB socket: `subscribe(endpoint, topic)`."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made: list[ReconnectingSocket] = []

    def make(endpoint: str, topic: bytes | None) -> ReconnectingSocket:
        made.append(sockets.subscriber(context, endpoint, topic))
        return made[-1]

    yield make
    context.destroy()
