"""One camera in the gateway: its status, its newest frame, its viewers, and the sockets to its capture."""

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec
import zmq

from framebus.client.frame_filter import FrameFilter
from framebus.protocol.frame import Frame
from framebus.protocol.wire import (
    STATUS_TIMEOUT_SECONDS,
    VERSION,
    StatusHeader,
    WireError,
    pack,
    parse,
    topic,
)
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.offline_image import OfflineImages, sentence
from gateway.delivery.stats import FeedStats
from gateway.delivery.viewer import Viewer

logger = logging.getLogger("gateway")

LINGER_SECONDS = 5.0
"""How long the gateway stays subscribed after the last viewer left, so that a reloaded page finds the camera awake."""
REPEAT_ONCE_SECONDS = 0.2
"""The last picture is sent twice, as some browsers draw a part only when the next one begins."""
REPEAT_SECONDS = 1.0
"""Mainsail's parser gives up after 10 s without a part, and a closed connection is noticed only by writing."""


class Feed:
    """Subscribes to a camera's status always, and to its frames while it has viewers. Closed by its owner."""

    def __init__(
        self,
        camera: str,
        endpoint: Endpoint,
        context: "zmq.Context[zmq.Socket[bytes]]",
        max_megapixels: float,
        offline_images: OfflineImages,
        on_status: Callable[["Feed"], None],
        on_viewers: Callable[[], None],
    ) -> None:
        """Subscribe to the camera's status.

        Args:
            camera: its name.
            endpoint: where its capture publishes; that need not run yet.
            context: for the sockets.
            max_megapixels: no larger picture is decoded.
            offline_images: draws what viewers see while the camera is offline.
            on_status: called when a status arrived, and once a second while none does.
            on_viewers: called when a viewer has come or gone.
        """
        self.camera = camera
        self.encoded: EncodedFrame | None = None
        """The newest frame, while there are viewers."""
        self.offline_image: EncodedFrame | None = None
        """What viewers of bare pictures get while the camera is offline."""
        self.stats = FeedStats()
        self._on_status = on_status
        self._on_viewers = on_viewers
        self._endpoint = endpoint
        self._max_megapixels = max_megapixels
        self._offline_images = offline_images
        self._context = context
        self._frame_filter = FrameFilter(same_host=endpoint.same_host)
        self._losses = RateLimitedLog(logger)
        self._viewers: set[Viewer] = set()
        self._first_frame = asyncio.Event()
        self._last_frame: EncodedFrame | None = None
        self._drawing: asyncio.Task[None] | None = None
        self._offline_text = ""
        self._status: StatusHeader | None = None
        self._status_at = time.monotonic()
        self._live: tuple[zmq.Socket[bytes], AsyncReceiver] | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._repeat_timer: asyncio.TimerHandle | None = None
        self._status_socket = sockets.subscriber(context, endpoint, topic("status", camera))
        self._status_receiver = AsyncReceiver(self._status_socket, self._guarded(self._receive_status))

    @property
    def viewers(self) -> int:
        """How many connections show this camera."""
        return len(self._viewers)

    @property
    def status(self) -> StatusHeader:
        """What is known of the camera; that it is silent, too, is known here and nowhere else."""
        silent = time.monotonic() - self._status_at
        if self._status is not None and silent < STATUS_TIMEOUT_SECONDS:
            return self._status
        last = self._status
        return StatusHeader(
            v=VERSION,
            camera=self.camera,
            state="starting" if last is None and silent < STATUS_TIMEOUT_SECONDS else "offline",
            reason=self._silence_reason if silent >= STATUS_TIMEOUT_SECONDS else "not heard of yet",
            since=round(time.time() - silent, 6),
            epoch=last.epoch if last else "",
            pid=0,
            source=last.source if last else "",
            seq=last.seq if last else 0,
            captured=last.captured if last else None,
            monotonic=last.monotonic if last else None,
            width=last.width if last else 0,
            height=last.height if last else 0,
            fps=0,
            watched=False,
            dropped=last.dropped if last else 0,
            bad=last.bad if last else 0,
            refused=last.refused if last else msgspec.UNSET,
        )

    @property
    def status_message(self) -> bytes:
        """The status as a message of the wire format."""
        return pack("status", self.camera, self.status)

    @property
    def age(self) -> float | None:
        """Seconds since the newest known frame was captured; None before the first."""
        if self.encoded is not None:
            return self.encoded.frame.age if self._endpoint.same_host else max(0.0, self.encoded.frame.age)
        status = self.status
        if status.monotonic is None or status.captured is None:
            return None
        if self._endpoint.same_host:
            return time.monotonic() - status.monotonic
        return max(0.0, time.time() - status.captured)  # by two clocks, which may differ

    @property
    def _silence_reason(self) -> str:
        """Why no status arrives."""
        return (
            "its capture process does not answer"
            if self._endpoint.same_host
            else f"nothing comes from {self._endpoint.endpoint}"
        )

    @property
    def has_offline_image(self) -> bool:
        """Whether the camera is offline and there is a last picture, so that an offline image can be drawn."""
        return self.status.state == "offline" and self._last_frame is not None

    def join(self, viewer: Viewer) -> None:
        """Add a viewer: it gets the newest frame at once, and each later one."""
        self._viewers.add(viewer)
        self._on_viewers()
        self.keep_awake()
        self._update_offline_image()
        viewer.wake()

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer; may be called twice."""
        self._viewers.discard(viewer)
        self._on_viewers()
        if not self._viewers and self._live is not None:
            self._linger()

    def keep_awake(self) -> None:
        """Subscribe to frames, while there are viewers and for LINGER_SECONDS more."""
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        if self._live is None:
            self._frame_filter = FrameFilter(same_host=self._endpoint.same_host)
            # capture sends its newest frame again, which the old filter would take for a repeat
            socket = sockets.subscriber(self._context, self._endpoint, topic("live", self.camera))
            self._live = socket, AsyncReceiver(socket, self._guarded(self._receive_frame))

    async def first_frame(self, seconds: float) -> EncodedFrame | None:
        """Return the newest frame, waiting up to `seconds` for the first; None when none came."""
        self.keep_awake()
        try:
            async with asyncio.timeout(seconds):
                await self._first_frame.wait()
        except TimeoutError:
            return None
        finally:
            if not self._viewers:
                self._linger()
        return self.encoded

    def tick(self) -> None:
        """Notice a camera that is silent, and log losses; to be called once a second."""
        self._losses.flush()
        self._frame_filter.losses.flush()
        if time.monotonic() - self._status_at >= STATUS_TIMEOUT_SECONDS:
            self._on_status(self)
        self._update_offline_image()

    def close(self) -> None:
        """Close the connections of all viewers, and both subscriptions."""
        for viewer in list(self._viewers):
            viewer.close()
        if self._drawing is not None:
            self._drawing.cancel()
        self._unsubscribe()
        self._status_receiver.close()
        self._status_socket.close()

    def _linger(self) -> None:
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        self._linger_timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._unsubscribe)

    def _unsubscribe(self) -> None:
        for timer in (self._linger_timer, self._repeat_timer):
            if timer is not None:
                timer.cancel()
        self._linger_timer = self._repeat_timer = None
        if self._live is not None:
            socket, receiver = self._live
            receiver.close()
            socket.close()
            self._live = None
        self.encoded = self.offline_image = None
        self._offline_text = ""
        self._first_frame.clear()

    def _guarded(self, receive: Callable[[list[bytes]], None]) -> Callable[[list[bytes]], None]:
        """`receive`, with what it raises counted: an exception would leave the socket unread and this camera silent."""

        def guarded(parts: list[bytes]) -> None:
            try:
                receive(parts)
            except Exception as error:
                self._losses.count("messages that failed", f"camera {self.camera}: {type(error).__name__}: {error}")

        return guarded

    def _receive_status(self, parts: list[bytes]) -> None:
        try:
            _, status = parse(parts[-1], StatusHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return
        if self._status is None or status.epoch != self._status.epoch:
            self.stats.runs += 1
        self._status = status
        self._status_at = time.monotonic()
        self._on_status(self)
        self._update_offline_image()

    def _receive_frame(self, parts: list[bytes]) -> None:
        frame = self._frame_filter.accept(parts[-1])
        if frame is None:
            return
        self.encoded = self._last_frame = EncodedFrame(frame, parts[-1])
        self.offline_image, self._offline_text = None, ""
        self._first_frame.set()
        self.stats.received += 1
        self.stats.missed += frame.missed
        for viewer in list(self._viewers):
            self.stats.skipped_line += viewer.in_flight
            viewer.wake()
        self._repeat_after(REPEAT_ONCE_SECONDS)

    def _update_offline_image(self) -> None:
        """Draw the offline image: once for each reason, for all viewers."""
        status = self.status
        if status.state != "offline":
            self._offline_text = ""
            return
        text = sentence(status.since, status.reason)
        if self._viewers and self._last_frame is not None and text != self._offline_text and self._drawing is None:
            self._offline_text = text
            self._drawing = asyncio.create_task(self._draw(self._last_frame, text))

    async def _draw(self, last: EncodedFrame, text: str) -> None:
        try:
            picture = await self._offline_images.draw(last.frame.jpeg, text, self._max_megapixels)
        except Exception as error:  # viewers keep the last picture
            self._losses.count("offline images not drawn", f"{type(error).__name__}: {error}")
            return
        finally:
            self._drawing = None
        if self._last_frame is last and self._offline_text == text:  # else the camera is back
            header = msgspec.structs.replace(last.frame.header, orientation=1)
            self.offline_image = EncodedFrame(
                Frame(header, picture, same_host=self._endpoint.same_host), pack("live", self.camera, header, picture)
            )
            for viewer in list(self._viewers):
                viewer.wake()

    def _repeat_after(self, seconds: float) -> None:
        if self._repeat_timer is not None:
            self._repeat_timer.cancel()
        self._repeat_timer = asyncio.get_running_loop().call_later(seconds, self._repeat)

    def _repeat(self) -> None:
        for viewer in list(self._viewers):
            viewer.repeat()
        self._repeat_after(REPEAT_SECONDS)
