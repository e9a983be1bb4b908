"""A viewer of an MJPEG stream."""

import asyncio
import time

from gateway.access.identity import LOCAL, Identity
from gateway.cameras.feed import Feed
from gateway.cameras.frame_stream import REPEAT_ONCE_SECONDS
from gateway.cameras.registry import CameraRegistry
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.mjpeg import STREAM_HEAD
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from gateway.net.transport import Transport
from gateway.viewers.camera_watch import AS_IT_IS, CameraWatch, Wanted
from gateway.viewers.stream_adaptation import StreamAdaptation


class MjpegViewer(Viewer):
    """Shows one camera until the end of the connection, which it owns."""

    kind = "mjpeg"

    def __init__(
        self,
        feed: Feed,
        cameras: CameraRegistry,
        transport: Transport,
        head: bytes = STREAM_HEAD,
        identity: Identity = LOCAL,
        wanted: Wanted = AS_IT_IS,
        address: str = "",
    ) -> None:
        """Start at once with the head of the response."""
        super().__init__(transport, identity)
        self.address = address
        self._watch = CameraWatch(feed, self, wanted)
        self._adaptation = StreamAdaptation(self._watch) if wanted.adapt else None
        self._registry = cameras
        self._again: EncodedFrame | None = None
        """The picture to send again, unless there is a newer one."""
        self._sent_at = float("-inf")
        self._repeats_itself = self._watch.period > REPEAT_ONCE_SECONDS
        """Whether pictures are wanted so rarely that its stream, whose pictures go on, asks for no repeat."""
        self._repeat_timer: asyncio.TimerHandle | None = None
        self._head: bytes | None = head
        transport.on_close = self._leave
        cameras.add_viewer(self)
        self._watch.join()

    @property
    def cameras(self) -> list[str]:
        """The one camera."""
        return [self._watch.feed.camera]

    def on_frame(self, encoded: EncodedFrame) -> None:
        """Send a frame that has come, without the questions of `next_message` where it is the answer."""
        if self.in_flight or self._ended or self._adaptation is not None or not self._watch.takes(encoded):
            self.wake()
            return
        message = encoded.mjpeg_part
        self._watch.sent(encoded, message)
        self.in_flight = not self._transport.send(message)

    def next_message(self) -> bytes | None:
        """Return the head of the response, then the newest part."""
        if self._head is not None:
            head, self._head = self._head, None
            return head
        self.has_more = False
        again, self._again = self._again, None
        encoded = self._watch.newest(with_offline_image=True)
        if encoded is not None:
            message = encoded.mjpeg_part
            self._watch.sent(encoded, message)
            if self._adaptation is not None:
                self._adaptation.sent(len(message))
            if self._repeats_itself:
                self._repeat_soon()
        elif again is not None:
            message = again.mjpeg_part
            self._watch.sent_again(again, message)
        else:
            return None
        self._sent_at = time.monotonic()
        return message

    def message_taken(self) -> None:
        """Let the adaptation measure the link."""
        if self._adaptation is not None:
            self._adaptation.taken()

    def repeat(self) -> None:
        """Send the last picture again: browsers draw a part when the next one begins."""
        if time.monotonic() - self._sent_at >= self._watch.period:
            self._repeat_now()

    def _repeat_soon(self) -> None:
        self._cancel_repeat()
        self._repeat_timer = asyncio.get_running_loop().call_later(REPEAT_ONCE_SECONDS, self._repeat_now)

    def _repeat_now(self) -> None:
        if not self.in_flight:
            self._again = self._watch.shown
            self.wake()

    def _cancel_repeat(self) -> None:
        if self._repeat_timer is not None:
            self._repeat_timer.cancel()

    def close(self, ending: Ending = STOPPING) -> None:
        """End the connection, which cannot say why."""
        self._transport.close()

    def _leave(self) -> None:
        self.end()
        self._cancel_repeat()
        if self._adaptation is not None:
            self._adaptation.close()
        self._registry.remove_viewer(self)
        self._watch.leave()
