"""Fixtures for the tests of sockets."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from framebus.transport import sockets
from framebus.transport.reconnecting_socket import ReconnectingSocket

Subscribe = Callable[..., ReconnectingSocket]


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """Make a SUB socket: `subscribe(endpoint, topic)`; it takes the options of `sockets.subscriber`."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made: list[ReconnectingSocket] = []

    def make(endpoint: str, topic: bytes | None, **options: Any) -> ReconnectingSocket:
        made.append(sockets.subscriber(context, endpoint, topic, **options))
        return made[-1]

    yield make
    context.destroy()
