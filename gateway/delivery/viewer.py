"""The policy of delivery: what a viewer's connection holds is the message in flight, and nothing else.

A message is chosen at the moment when the one before has left, and then it is the newest. So a slow viewer misses
pictures and never sees an old one, and costs the others nothing. gateway.net.transport
sends the bytes.
"""

from abc import ABC, abstractmethod

from gateway.access.identity import LOCAL, Identity
from gateway.net.transport import Transport


class Viewer(ABC):
    """One viewer, and the line to it."""

    def __init__(self, line: Transport, identity: Identity = LOCAL) -> None:
        """`identity` is who watches."""
        self.identity = identity
        self._transport = line
        self._in_flight = False
        self._ended = False
        line.on_free = self._left

    @property
    def in_flight(self) -> bool:
        """Whether a message is on its way, so that no other can be sent."""
        return self._in_flight

    @abstractmethod
    def next_message(self) -> bytes | None:
        """What to send now, the newest there is; None while there is nothing that this viewer has not got."""

    @abstractmethod
    def close(self) -> None:
        """End the connection."""

    def repeat(self) -> None:  # noqa: B027  (websockets need none: a message is drawn when it is whole)
        """Nothing new came for a while: viewers that need it get the last picture once more."""

    def wake(self) -> None:
        """There may be something to send."""
        while not self._in_flight and not self._ended:
            message = self.next_message()
            if message is None:
                return
            self._in_flight = not self._transport.send(message)

    def end(self) -> None:
        """Send nothing more; what is in flight may still arrive."""
        self._ended = True

    def _left(self) -> None:
        self._in_flight = False
        self.wake()
