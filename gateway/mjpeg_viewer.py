"""A viewer of an MJPEG stream."""

from gateway.access.identity import LOCAL, Identity
from gateway.cameras import Cameras
from gateway.feed import Feed
from gateway.line import Line
from gateway.mjpeg import STREAM_HEAD
from gateway.shot import Shot
from gateway.viewer import Viewer


class MjpegViewer(Viewer):
    """Shows one camera from the end of the request to the end of the connection, which it owns."""

    def __init__(
        self, feed: Feed, cameras: Cameras, line: Line, head: bytes = STREAM_HEAD, identity: Identity = LOCAL
    ) -> None:
        """Begins at once, with the head of the response."""
        super().__init__(line, identity)
        self._feed = feed
        self._cameras = cameras
        self._shown: Shot | None = None
        self._head: bytes | None = head
        line.on_end = self._leave
        cameras.admit(self)
        feed.join(self)

    def next_message(self) -> bytes | None:
        """The head of the response, then the newest part."""
        if self._head is not None:
            head, self._head = self._head, None
            return head
        shot = self._feed.notice or self._feed.shot
        if shot is None or shot is self._shown:
            return None
        self._shown = shot
        self._feed.figures.sent_to_viewer(shot, shot.part)
        return shot.part

    def repeat(self) -> None:
        """Show the last picture again: browsers draw a part when the next one begins."""
        if not self._in_flight:
            self._shown = None
            self.wake()

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def _leave(self) -> None:
        self.end()
        self._cameras.release(self)
        self._feed.leave(self)
