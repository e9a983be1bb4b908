"""A viewer of an MJPEG stream."""

from gateway.access.identity import LOCAL, Identity
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.mjpeg import STREAM_HEAD
from gateway.delivery.viewer import Viewer
from gateway.net.transport import Transport


class MjpegViewer(Viewer):
    """Shows one camera until the end of the connection, which it owns."""

    def __init__(
        self,
        feed: Feed,
        cameras: CameraRegistry,
        transport: Transport,
        head: bytes = STREAM_HEAD,
        identity: Identity = LOCAL,
    ) -> None:
        """Start at once with the head of the response."""
        super().__init__(transport, identity)
        self._feed = feed
        self._cameras = cameras
        self._shown: EncodedFrame | None = None
        self._head: bytes | None = head
        transport.on_close = self._leave
        cameras.add_viewer(self)
        feed.join(self)

    def next_message(self) -> bytes | None:
        """Return the head of the response, then the newest part."""
        if self._head is not None:
            head, self._head = self._head, None
            return head
        encoded = self._feed.offline_image or self._feed.encoded
        if encoded is None or encoded is self._shown:
            return None
        self._shown = encoded
        self._feed.stats.sent_to_viewer(encoded, encoded.mjpeg_part)
        return encoded.mjpeg_part

    def repeat(self) -> None:
        """Send the last picture again: browsers draw a part when the next one begins."""
        if not self._in_flight:
            self._shown = None
            self.wake()

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def _leave(self) -> None:
        self.end()
        self._cameras.remove_viewer(self)
        self._feed.leave(self)
