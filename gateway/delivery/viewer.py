"""The policy of delivery: a viewer's connection holds the message in flight, and nothing else.

A message is chosen when the one before has left, and then it is the newest. A slow viewer misses pictures, never sees
an old one, and costs the others nothing. gateway.net.transport sends the bytes.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol

import msgspec

from framebus.protocol.viewers import Watching
from gateway.access.identity import LOCAL, Identity
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.net.transport import Transport

STALLED_SECONDS = 20.0
"""A viewer whose connection has taken no byte of a message for this long is disconnected."""


class Ending(msgspec.Struct, frozen=True):
    """Why the gateway ends a connection."""

    code: int
    """Close code of a websocket (RFC 6455, section 7.4.1)."""
    reason: str
    """A sentence for whoever watches; at most 123 bytes."""


STOPPING = Ending(1001, "the gateway stops")
CAMERA_GONE = Ending(1001, "this camera was removed, or has another address")
ACCESS_ENDED = Ending(1008, "your access has ended or was changed; log in again")


class StatusSource(Protocol):
    """A camera whose status can be sent."""

    camera: str

    @property
    def status_message(self) -> bytes:
        """The newest status, as a message of the wire format."""


class Viewer(ABC):
    """One viewer, and the connection to it."""

    kind: ClassVar[str] = "viewer"
    """What it is: page, websocket or mjpeg."""
    address: str = ""
    """Of the client, as far as its proxy tells; set by the handler that made the viewer."""

    def __init__(self, transport: Transport, identity: Identity = LOCAL) -> None:
        """Make a viewer.

        Args:
            transport: the connection; its `on_sent` is used.
            identity: who watches.
        """
        self.identity = identity
        self.since = time.time()
        self._transport = transport
        self.in_flight = False
        """Whether a message is under way, so that no other can be sent."""
        self.has_more = True
        """Whether there may be another message when one was sent at once. Asking each viewer of a picture is dear."""
        self._ended = False
        self._written_bytes: int | None = None
        self._written_at = 0.0
        transport.on_sent = self._message_sent

    @abstractmethod
    def next_message(self) -> bytes | None:
        """Return what to send now, which is the newest; None while there is nothing new for this viewer."""

    @abstractmethod
    def close(self, ending: Ending = STOPPING) -> None:
        """End the connection."""

    @property
    def cameras(self) -> list[str]:
        """The names of the cameras that it shows now."""
        return []

    @property
    def watching(self) -> Watching:
        """Who watches what, for administrators."""
        return Watching(
            address=self.address, user=self.identity.name, kind=self.kind, since=self.since, cameras=self.cameras
        )

    def message_taken(self) -> None:  # noqa: B027  (only streams that adapt themselves measure their link by it)
        """The connection has taken all of a message."""

    def repeat(self) -> None:  # noqa: B027  (websockets need none: a message is drawn when it has arrived)
        """Send the last picture again, for viewers that need it; called when no new one came for a while."""

    def on_status(self, camera: StatusSource) -> None:  # noqa: B027  (only the page shows statuses)
        """The status of a camera has changed."""

    def on_cameras(self, cameras: Sequence[str]) -> None:  # noqa: B027  (only the page lists cameras)
        """Cameras were added or removed, or their order has changed: `cameras` are all that there are now."""

    def on_camera_closed(self, feed: StatusSource, successor: StatusSource | None) -> None:  # noqa: B027
        """A camera is about to be closed, which disconnects the viewers that still show it.

        Args:
            feed: the camera.
            successor: one of the same name with other endpoints; None if the camera was removed.
        """

    def on_frame(self, encoded: EncodedFrame) -> None:
        """A frame has come in a stream that the viewer has joined."""
        self.wake()

    def wake(self) -> None:
        """Send what there is to send, unless a message is in flight."""
        while not self.in_flight and not self._ended:
            message = self.next_message()
            if message is None:
                return
            self.in_flight = not self._transport.send(message)
            if not self.in_flight:
                self.message_taken()
            if not self.has_more:
                return

    def end(self) -> None:
        """Send nothing more; the message in flight may still arrive."""
        self._ended = True

    def end_if_stalled(self, now: float, stalled_seconds: float = STALLED_SECONDS) -> bool:
        """Disconnect a viewer that takes nothing; to be called about once a second.

        Args:
            now: CLOCK_MONOTONIC, in seconds.
            stalled_seconds: how long the connection may take no byte of a message in flight.

        Returns:
            Whether it was disconnected.
        """
        written_bytes = self._transport.written_bytes
        if not self.in_flight or written_bytes is None or written_bytes != self._written_bytes:
            self._written_bytes, self._written_at = written_bytes, now
        elif now - self._written_at >= stalled_seconds:
            self.end()
            self._transport.close()
            return True
        return False

    def _message_sent(self) -> None:
        self.in_flight = False
        self.message_taken()
        self.wake()
