"""The frames of one camera in one size: subscribed to while there are viewers, and what those get in their place."""

import asyncio
from collections.abc import Callable

import msgspec
import zmq

from framebus.client.frame_filter import FrameFilter
from framebus.protocol.frame_view import FrameView, view
from framebus.protocol.wire import Kind, StatusHeader, pack, topic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.fan_out import FanOut
from gateway.delivery.offline_image import OfflineImages, sentence
from gateway.delivery.viewer import Viewer

LINGER_SECONDS = 5.0
"""How long the gateway stays subscribed after the last viewer left, so that a reloaded page finds the camera awake."""
REPEAT_ONCE_SECONDS = 0.2
"""The last picture is sent twice, as some browsers draw a part only when the next one begins."""
REPEAT_SECONDS = 1.0
"""Mainsail's parser gives up after 10 s without a part, and a closed connection is noticed only by writing."""
FRAMES_A_TURN = 1
"""In one turn of the event loop. With more viewers than one core can serve, there is always another frame when one was
sent to all: new connections, and viewers that took only a part of a frame, are served in between."""
REPLACED_SHARE = 0.25
"""Of its time: a timer with less left is replaced when a frame comes. To be woken by it costs more than that."""


class FrameStream:
    """Subscribes to one kind of a camera's frames while it has viewers. Closed by its owner."""

    def __init__(
        self,
        camera: str,
        kind: Kind,
        endpoint: Endpoint,
        context: "zmq.Context[zmq.Socket[bytes]]",
        offline_images: OfflineImages,
        max_megapixels: float,
        losses: RateLimitedLog,
        on_frame: Callable[["FrameStream", FrameView], None],
        *,
        linger_seconds: float = LINGER_SECONDS,
        repeat_once_seconds: float = REPEAT_ONCE_SECONDS,
        repeat_seconds: float = REPEAT_SECONDS,
    ) -> None:
        """Begin without a subscription.

        Args:
            camera: its name.
            kind: of the frames: live or a rendition.
            endpoint: where its capture publishes; that need not run yet.
            context: for the socket.
            offline_images: draws what viewers see while the camera is offline.
            max_megapixels: no larger picture is decoded for that.
            losses: where failures are counted.
            on_frame: called with each frame, before the viewers get it.
            linger_seconds: how long to stay subscribed after the last viewer left.
            repeat_once_seconds: after this time without a frame, viewers are told to repeat the last one.
            repeat_seconds: and then again each time that this much time has passed.
        """
        self.kind = kind
        self.encoded: EncodedFrame | None = None
        """The newest frame, while there are viewers."""
        self.offline_image: EncodedFrame | None = None
        """What viewers of bare pictures get while the camera is offline."""
        self.received = 0
        """How many frames have come."""
        self.viewers: set[Viewer] = set()
        self._fan_out = FanOut()
        self.last_frame: EncodedFrame | None = None
        """The newest frame ever."""
        self._camera = camera
        self._endpoint = endpoint
        self._context = context
        self._offline_images = offline_images
        self._max_megapixels = max_megapixels
        self._losses = losses
        self._on_frame = on_frame
        self._linger_seconds = linger_seconds
        self._repeat_once_seconds = repeat_once_seconds
        self._repeat_seconds = repeat_seconds
        self._same_host = endpoint.same_host
        self._frame_filter = FrameFilter(same_host=self._same_host)
        self._first_frame = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None
        self._offline_text = ""
        self._subscription: tuple[zmq.Socket[bytes], AsyncReceiver] | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._repeat_timer: asyncio.TimerHandle | None = None
        self._repeat_at = 0.0
        """When viewers are told to repeat the last frame, by the clock of the loop."""

    def join(self, viewer: Viewer) -> None:
        """Add a viewer: it is woken for each frame."""
        if viewer not in self.viewers:
            self.viewers.add(viewer)
            self._fan_out.join(viewer)
        self.keep_awake()

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer; may be called twice."""
        if viewer in self.viewers:
            self.viewers.remove(viewer)
            self._fan_out.leave(viewer)
        if not self.viewers and self._subscription is not None:
            self._linger()

    def keep_awake(self) -> None:
        """Subscribe to frames, while there are viewers and for LINGER_SECONDS more."""
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        if self._subscription is None:
            self._frame_filter = FrameFilter(same_host=self._same_host)
            # capture sends its newest frame again, which the old filter would take for a repeat
            socket = sockets.subscriber(self._context, self._endpoint, topic(self.kind, self._camera))
            self._subscription = socket, AsyncReceiver(socket, self._guarded, max_burst=FRAMES_A_TURN)

    @property
    def late_viewers(self) -> int:
        """How many viewers could take the last frame, and wait for their turn."""
        return self._fan_out.late_viewers

    async def first_frame(self, seconds: float) -> EncodedFrame | None:
        """Return the newest frame, waiting up to `seconds` for the first; None when none came."""
        self.keep_awake()
        try:
            async with asyncio.timeout(seconds):
                await self._first_frame.wait()
        except TimeoutError:
            return None
        finally:
            if not self.viewers:
                self._linger()
        return self.encoded

    def flush_log(self) -> None:
        """Log the losses that are due; to be called once a second."""
        self._frame_filter.losses.flush()

    def update_offline_image(self, status: StatusHeader, last: EncodedFrame | None) -> None:
        """Draw the offline image, once for each reason and for all viewers; to be called when the status may differ.

        Args:
            status: of the camera.
            last: what to draw on where this stream had no frame.
        """
        if status.state != "offline":
            self._offline_text = ""
            return
        text = sentence(status.since, status.reason)
        last = self.last_frame or last
        if self.viewers and last is not None and text != self._offline_text and self._drawing is None:
            self._offline_text = text
            self._drawing = asyncio.create_task(self._draw(last, text))

    def close(self) -> None:
        """Close the subscription."""
        if self._drawing is not None:
            self._drawing.cancel()
        self._unsubscribe()

    def _linger(self) -> None:
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        self._linger_timer = asyncio.get_running_loop().call_later(self._linger_seconds, self._unsubscribe)

    def _unsubscribe(self) -> None:
        for timer in (self._linger_timer, self._repeat_timer):
            if timer is not None:
                timer.cancel()
        self._linger_timer = self._repeat_timer = None
        if self._subscription is not None:
            socket, receiver = self._subscription
            receiver.close()
            socket.close()
            self._subscription = None
        self._fan_out.close()
        self.encoded = self.offline_image = None
        self._offline_text = ""
        self._first_frame.clear()

    def _guarded(self, parts: list[zmq.Frame]) -> None:
        """Receive a frame; an exception is counted."""
        try:
            self._receive(parts[-1].buffer)
        except Exception as error:
            self._losses.count("messages that failed", f"camera {self._camera}: {type(error).__name__}: {error}")

    def _receive(self, message: memoryview) -> None:
        frame = self._frame_filter.view(message)
        if frame is None:
            return
        self.received += 1
        if self.encoded is None:
            self._first_frame.set()
        self.encoded = self.last_frame = encoded = EncodedFrame(frame, same_host=self._same_host)
        self.offline_image, self._offline_text = None, ""
        self._on_frame(self, frame)
        self._fan_out.send(encoded)
        self._repeat_after(self._repeat_once_seconds)

    async def _draw(self, last: EncodedFrame, text: str) -> None:
        try:
            picture = await self._offline_images.draw(bytes(last.frame.jpeg), text, self._max_megapixels)
        except Exception as error:  # viewers keep the last picture
            self._losses.count("offline images not drawn", f"{type(error).__name__}: {error}")
            return
        finally:
            self._drawing = None
        if self._offline_text == text:  # else the camera is back
            header = msgspec.structs.replace(last.frame.header, orientation=1)
            message = pack(self.kind, self._camera, header, picture)
            self.offline_image = EncodedFrame(view(message), same_host=self._same_host)
            for viewer in list(self.viewers):
                viewer.wake()

    def _repeat_after(self, seconds: float) -> None:
        """Repeat then, unless a frame comes first. A timer is replaced shortly before its end, not for each frame."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._repeat_at = now + seconds
        if self._repeat_timer is not None:
            if seconds * REPLACED_SHARE < self._repeat_timer.when() - now <= seconds:
                return
            self._repeat_timer.cancel()
        self._repeat_timer = loop.call_at(self._repeat_at, self._repeat)

    def _repeat(self) -> None:
        loop = asyncio.get_running_loop()
        self._repeat_timer = None
        if loop.time() < self._repeat_at:  # a frame has come since the timer began
            self._repeat_timer = loop.call_at(self._repeat_at, self._repeat)
            return
        for viewer in list(self.viewers):
            viewer.repeat()
        self._repeat_after(self._repeat_seconds)
