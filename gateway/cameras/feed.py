"""One camera in the gateway: its status, its newest frame, its viewers, and the sockets to its capture."""

import logging
import time
from collections.abc import Callable

import msgspec
import zmq

from framebus.protocol.frame_view import FrameView
from framebus.protocol.renditions import RENDITIONS, Rendition, smallest_rendition
from framebus.protocol.silent_status import silent_status
from framebus.protocol.wire import STATUS_TIMEOUT_SECONDS, Kind, StatusHeader, WireError, pack, parse, topic
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint
from gateway.cameras.frame_stream import FrameStream
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.offline_image import OfflineImages
from gateway.delivery.stats import FeedStats
from gateway.delivery.viewer import CAMERA_GONE, Viewer

logger = logging.getLogger("gateway")

LONGEST_TICK_SECONDS = 2.0
"""Where more passes between two ticks, this process stood still: that is no silence of the camera."""

STREAM_KINDS: tuple[Kind, ...] = ("live", *RENDITIONS)


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
        status_timeout_seconds: float = STATUS_TIMEOUT_SECONDS,
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
            status_timeout_seconds: a camera without a status for this long is offline.
        """
        self.camera = camera
        self.status_timeout_seconds = status_timeout_seconds
        self.stats = FeedStats()
        self.size = (0, 0, 1)
        """Width, height and orientation of the camera's own frames, 0 while unknown.

        It is another object once `stream_for` may give another answer.
        """
        self._on_status = on_status
        self._on_viewers = on_viewers
        self._endpoint = endpoint
        self.is_closed = False
        """Whether its camera was removed, or the gateway stops."""
        self._losses = RateLimitedLog(logger)
        self._viewers: set[Viewer] = set()
        self._status: StatusHeader | None = None
        self._newest: tuple[str, int] = "", 0
        """Epoch and number of the newest frame of which a status has told, and when it did, by our clock."""
        self._newest_at = 0.0
        self._status_at = self._ticked_at = time.monotonic()
        self.streams = {
            kind: FrameStream(
                camera, kind, endpoint, context, offline_images, max_megapixels, self._losses, self._count_frame
            )
            for kind in STREAM_KINDS
        }
        """The camera's own frames, and its renditions, by their kind."""
        self.live = self.streams["live"]
        self._status_socket = sockets.subscriber(context, endpoint, topic("status", camera))
        self._status_receiver = AsyncReceiver(self._status_socket, self._receive_status)

    @property
    def viewers(self) -> int:
        """How many connections show this camera."""
        return len(self._viewers)

    @property
    def rendition_viewers(self) -> dict[Rendition, int]:
        """How many of these connections get each rendition."""
        return {rendition: len(self.streams[rendition].viewers) for rendition in RENDITIONS}

    @property
    def status(self) -> StatusHeader:
        """The last status of the camera, or one that says that it is silent."""
        silent = self._silent_seconds
        if self._status is not None and silent < self.status_timeout_seconds:
            return self._status
        is_late = silent >= self.status_timeout_seconds
        return silent_status(
            self.camera,
            self._status,
            self._silence_reason if is_late else "no status received yet",
            time.time() - silent,
            "offline" if is_late else "starting",
        )

    @property
    def status_message(self) -> bytes:
        """The status as a message of the wire format."""
        return pack("status", self.camera, self.status)

    @property
    def age(self) -> float | None:
        """Seconds since the newest known frame was captured; None before the first."""
        ages = [stream.encoded.age for stream in self.streams.values() if stream.encoded is not None]
        if ages:
            return min(ages) if self._endpoint.same_host else max(0.0, min(ages))
        status = self.status
        if status.monotonic is None or status.captured is None:
            return None
        if self._endpoint.same_host:
            return host_monotonic() - status.monotonic
        return max(0.0, time.time() - status.captured)  # by two clocks, which may differ

    @property
    def seconds_without_frame(self) -> float | None:
        """Seconds since there was a new frame; None before the first. The clock of another machine does not count."""
        if self._endpoint.same_host:
            return self.age
        return time.monotonic() - self._newest_at if self._newest[1] else None

    @property
    def last_frame(self) -> EncodedFrame | None:
        """A frame that the camera gave in some size; None where there was none yet."""
        return next((stream.last_frame for stream in self.streams.values() if stream.last_frame is not None), None)

    @property
    def _silent_seconds(self) -> float:
        """How long no status has come, but for the time in which this process stood still."""
        return max(0.0, min(time.monotonic(), self._ticked_at + LONGEST_TICK_SECONDS) - self._status_at)

    @property
    def _silence_reason(self) -> str:
        """Why no status arrives."""
        return (
            "its capture process does not answer"
            if self._endpoint.same_host
            else f"nothing arrives from {self._endpoint.endpoint}"
        )

    def stream_for(self, width: float | None) -> FrameStream:
        """Return the frames of the smallest size that is at least so wide.

        Args:
            width: pixels, as the picture is seen; None for the camera's own frames. They are also what a width gets
                while the size of the camera is unknown, and of a capture that makes no renditions.
        """
        if width is None or not self.size[0] or not self._has_renditions:
            return self.live
        return self.streams[smallest_rendition(width, *self.size) or "live"]

    def smaller_stream(self, stream: FrameStream, level: int) -> FrameStream:
        """Return the frames of a level, or these where they are smaller already.

        Args:
            stream: one of `streams`.
            level: its place in STREAM_KINDS; one beyond the last means the last.
        """
        if not self._has_renditions:
            return stream
        own = STREAM_KINDS.index(stream.kind)
        return self.streams[STREAM_KINDS[max(own, min(level, len(STREAM_KINDS) - 1))]]

    def join(self, viewer: Viewer) -> None:
        """Count a viewer, which has joined one of the streams, and let it send what there is."""
        self._viewers.add(viewer)
        self._on_viewers()
        self._update_offline_images()
        viewer.wake()

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer from the count; may be called twice."""
        self._viewers.discard(viewer)
        self._on_viewers()

    def tick(self) -> None:
        """Notice a camera that is silent, and log losses; to be called once a second."""
        now = time.monotonic()
        self._status_at += max(0.0, now - self._ticked_at - LONGEST_TICK_SECONDS)
        self._ticked_at = now
        self._losses.flush()
        for stream in self.streams.values():
            stream.flush_log()
        if self._silent_seconds >= self.status_timeout_seconds:
            self._on_status(self)
        self._update_offline_images()

    def close(self) -> None:
        """Close the connections of all viewers, and all subscriptions."""
        self.is_closed = True
        for viewer in list(self._viewers):
            viewer.close(CAMERA_GONE)
        for stream in self.streams.values():
            stream.close()
        self._status_receiver.close()
        self._status_socket.close()

    @property
    def _has_renditions(self) -> bool:
        return self._status is not None and self._status.renditions is not msgspec.UNSET

    def _receive_status(self, parts: list[zmq.Frame]) -> None:
        """Take a status; an exception is counted."""
        try:
            self._take_status(parts[-1].bytes)
        except Exception as error:
            self._losses.count("messages that failed", f"camera {self.camera}: {type(error).__name__}: {error}")

    def _take_status(self, message: bytes) -> None:
        try:
            _, status = parse(message, StatusHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return
        if self._status is None or status.epoch != self._status.epoch:
            self.stats.runs += 1
        had_renditions = self._has_renditions
        self._status = status
        self._status_at = time.monotonic()
        if self._newest != (status.epoch, status.seq):
            self._newest, self._newest_at = (status.epoch, status.seq), self._status_at
        if status.width:
            size = (status.width, status.height, status.orientation or 1)
            self._note_size(size, changed=had_renditions != self._has_renditions)
        self._on_status(self)
        self._update_offline_images()

    def _count_frame(self, stream: FrameStream, frame: FrameView) -> None:
        if stream is self.live:
            header = frame.header
            self._note_size((header.width, header.height, header.orientation))
            self.stats.missed += frame.missed
        self.stats.received += 1
        self.stats.skipped_line += stream.late_viewers
        for viewer in stream.viewers:
            self.stats.skipped_line += viewer.in_flight

    def _note_size(self, size: tuple[int, int, int], *, changed: bool = False) -> None:
        if changed or self.size != size:
            self.size = size  # another object, which the viewers notice

    def _update_offline_images(self) -> None:
        status = self.status
        for stream in self.streams.values():
            stream.update_offline_image(status, self.last_frame)
