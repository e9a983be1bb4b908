"""The policy of delivery: what a viewer's connection holds is the message in flight, and nothing else.

A message is chosen at the moment when the one before has left, and then it is the newest. So a slow viewer misses
pictures and never sees an old one, and costs the others nothing. How bytes get onto the wire is the subclasses' part.
"""

import socket
from abc import ABC, abstractmethod

TCP_NOTSENT_LOWAT = 25
"""Option of IPPROTO_TCP (linux/tcp.h); Python's socket module does not name it."""
NOTSENT_LOWAT_BYTES = 16 * 1024
"""What the kernel may hold unsent for one viewer. By default that is megabytes: on a slow link, seconds."""


def prefer_fresh(connection: socket.socket) -> None:
    """Make a viewer's socket send what it has at once, and take little ahead."""
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)


class Viewer(ABC):
    """One viewer's connection."""

    def __init__(self) -> None:
        self._in_flight = False

    @abstractmethod
    def next_message(self) -> bytes | None:
        """What to send now, the newest there is; None while there is nothing that this viewer has not got."""

    @abstractmethod
    def write(self, message: bytes) -> bool:
        """Begin to send; says whether all has left already. If not, `written` is to be called when it has."""

    @abstractmethod
    def close(self) -> None:
        """End the connection."""

    def repeat(self) -> None:  # noqa: B027  (websockets need none: a message is drawn when it is whole)
        """Nothing new came for a while: viewers that need it get the last picture once more."""

    def wake(self) -> None:
        """There may be something to send."""
        while not self._in_flight:
            message = self.next_message()
            if message is None:
                return
            self._in_flight = not self.write(message)

    def written(self) -> None:
        """The message in flight has left."""
        self._in_flight = False
        self.wake()
