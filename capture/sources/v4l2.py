"""USB cameras and others behind /dev/videoN: Motion JPEG unchanged, other formats encoded as JPEG.

capture.frame_output judges whether a JPEG is complete; capture.v4l2.buffer_queue keeps the order of the frames.
"""

import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from capture.idle_decoding import Need
from capture.rate_control import HEADROOM, RateControl
from capture.source import READ_LIMIT_SECONDS, Source, SourceError
from capture.v4l2 import frame_sizes, reasons
from capture.v4l2.buffer_queue import BufferQueue
from capture.v4l2.device import (
    JPEG_FORMATS,
    USABLE_FORMATS,
    VIDEO_FORMATS,
    PixelFormat,
    V4l2Device,
    usable_formats,
)
from capture.v4l2.resolve import path_of, video_nodes
from framebus.config.size import Size
from framebus.protocol.controls import Control, ControlError, Value
from framebus.publishing.picture import Picture

if TYPE_CHECKING:
    from capture.v4l2.raw import Layout
    from capture.v4l2.video_decoder import VideoDecoder

logger = logging.getLogger("capture")

PATIENCE_SECONDS = 5.0
"""How long a camera may give no picture, where stall_timeout does not say."""
BUFFERS = 4
"""One being filled, one being copied, and two for the moments in which we are late."""
FEWEST_BUFFERS = 2
DECODE_POLL_SECONDS = 0.05
"""How often to look whether a picture is due while compressed video is decoded."""
MAX_SIDE = 16_384
MAX_RAW_PIXELS = 66_000_000
"""The largest sensors of single-board computers have 64 million; a raw frame takes up to three bytes a pixel."""


class V4l2Source(Source):
    """A V4L2 device that captures into mapped buffers."""

    def __init__(
        self,
        device: str,
        size: Size,
        fps: float,
        quality: int,
        *,
        idle_fps: float = 0,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare to open a device.

        Args:
            device: the path of its node, serial=… or name=….
            size: the wanted size.
            fps: the wanted rate.
            quality: of the JPEGs of cameras that give none themselves, 1 to 100.
            idle_fps: the rate without viewers; of compressed video, key frames alone are decoded then.
            patience_seconds: how long the camera may give no picture.
        """
        self._target = device
        self._path = device
        self._size = size
        self._fps = fps
        self._idle_fps = idle_fps
        self._patience = patience_seconds
        self._quality = quality
        self._device: V4l2Device | None = None
        self._format = PixelFormat("", size, 0, False)
        self._layout: Layout | None = None
        self._decoder: VideoDecoder | None = None
        self._queue: BufferQueue | None = None
        self._camera_fps = fps
        self._dropped_earlier = 0
        self._seen: dict[str, int] = {}
        self._logged: set[str] = set()

    @property
    def name(self) -> str:
        """The device, as it was given."""
        return f"v4l2:{self._target}"

    @property
    def waiting(self) -> str:
        """Compressed video begins with a key frame."""
        decoder = self._decoder
        return f"waiting for a key frame of its {decoder.fourcc}" if decoder and decoder.needs_key_frame else ""

    @property
    def flaw(self) -> str:
        """What the driver says of its newest frames."""
        return self._queue.flaw if self._queue is not None else ""

    def open(self) -> None:
        """Let the camera stream in the format and size that it has nearest to what is wanted."""
        self._seen = self._nodes()
        self._path = path_of(self._target)
        try:
            self._device = device = V4l2Device(self._path)
            self._negotiate(device)
            device.request_buffers(BUFFERS)
            device.start()
        except OSError as error:
            raise SourceError(reasons.not_opened(self._path, error)) from error
        self._log_format(device)
        self._queue = BufferQueue(device, 1 / self._camera_fps, self._layout.frame_bytes if self._layout else 1)
        self._dropped_earlier = self.dropped

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a frame is wanted, then for the newest; how old it was when fetched is in its times."""
        queue = self._queue
        assert queue is not None  # opened before it is read
        try:
            return self._read_video(queue, rate_control) if self._decoder else self._read_frame(queue, rate_control)
        except OSError as error:
            raise SourceError(reasons.gone(self._path)) from error
        finally:
            self.dropped = self._dropped_earlier + queue.lost + (self._decoder.lost if self._decoder else 0)
            if queue.clock_lag:
                self._log_once(logging.WARNING, reasons.clock_off(self._path, queue.clock_lag))

    def _read_frame(self, queue: BufferQueue, rate_control: RateControl) -> Picture | None:
        if rate_control.fps * HEADROOM < self._camera_fps:
            queue.unwanted()
        elif not queue.wait(READ_LIMIT_SECONDS):  # a frame is due when the next one comes: so this wakes up only once
            return None
        if not rate_control.wait(READ_LIMIT_SECONDS):
            return None
        frame = queue.take(READ_LIMIT_SECONDS)
        if frame is None:
            return None
        rate_control.taken()
        if self._layout is None:
            return self._picture(frame.data, frame.monotonic)
        picture = self._picture(self._layout.encode(frame.data, self._quality), frame.monotonic)
        return msgspec.structs.replace(picture, scaled=partial(self._layout.picture, frame.data))

    def _read_video(self, queue: BufferQueue, rate_control: RateControl) -> Picture | None:
        """Take every frame, as each needs those before it, and hand over the newest when one is due."""
        decoder = self._decoder
        assert decoder is not None  # `read` looks
        deadline = time.monotonic() + READ_LIMIT_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            lost = queue.lost
            need = self._need(rate_control)
            for frame in queue.take_all(min(left, DECODE_POLL_SECONDS)):
                decoder.feed(frame.data, frame.monotonic, need)
            if queue.lost > lost:
                decoder.reset()
            decoded = decoder.take(need) if rate_control.due() else None
            if decoded is not None:
                rate_control.taken()
                return self._picture(*decoded)
        return None

    def _need(self, rate_control: RateControl) -> Need:
        if not rate_control.fps <= self._idle_fps < self._fps:
            return "each"
        return "one" if rate_control.due() else "none"

    def close(self) -> None:
        """Stop the camera and close its node."""
        self._queue = None
        self._decoder = None
        if self._device is not None:
            self._device.close()
            self._device = None

    def changed(self) -> bool:
        """Whether a device node has come, gone, or changed its owner or mode."""
        nodes = self._nodes()
        changed, self._seen = nodes != self._seen, nodes
        return changed

    def controls(self) -> list[Control]:
        """What the driver offers."""
        assert self._device is not None  # opened before it is asked
        try:
            return [native.control for native in self._device.controls()]
        except OSError as error:
            raise SourceError(reasons.gone(self._path)) from error

    def set_controls(self, values: dict[str, Value]) -> None:
        """Set these; the driver keeps them until the camera is unplugged."""
        assert self._device is not None  # opened before it is asked
        try:
            self._device.set_controls(self._device.controls(), values)
        except ControlError:
            raise
        except OSError as error:
            raise SourceError(reasons.gone(self._path)) from error

    def _nodes(self) -> dict[str, int]:
        """Whether the node can be opened is asked for by itself: an access list may change without a trace."""
        nodes = video_nodes(*([self._target] if self._target.startswith("/") else []))
        return {**nodes, "accessible": int(os.access(self._path, os.R_OK | os.W_OK))}

    def _negotiate(self, device: V4l2Device) -> None:
        identity = device.identity()
        if not identity.captures:
            raise SourceError(reasons.no_camera(self._path, identity.card, identity.driver))
        formats = self._formats(device.formats())
        chosen = frame_sizes.best([self._offer(device, fourcc) for fourcc in formats], self._size, self._fps)
        self._format = device.set_format(chosen.fourcc, chosen.size)
        if self._format.fourcc not in (*USABLE_FORMATS, *formats):  # a driver may set what it likes
            raise SourceError(reasons.no_format(self._path, [self._format.fourcc], USABLE_FORMATS))
        self._check_size(self._format)
        self._camera_fps = device.set_fps(self._fps) or self._fps
        self._prepare(self._format)

    def _formats(self, offered: list[str]) -> list[str]:
        """Those of the offered formats to choose from: compressed video only where there is no other."""
        usable = usable_formats(offered)
        if usable:
            return usable
        video = [fourcc for fourcc in VIDEO_FORMATS if fourcc in offered]
        if not video:
            raise SourceError(reasons.no_format(self._path, offered, USABLE_FORMATS))
        return video

    def _check_size(self, given: PixelFormat) -> None:
        width, height = given.size.width, given.size.height
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise SourceError(reasons.bad_size(self._path, given.size, f"1x1 to {MAX_SIDE}x{MAX_SIDE}"))
        raw = given.fourcc not in (*JPEG_FORMATS, *VIDEO_FORMATS)
        if raw and max(width, given.bytes_per_line // 3) * height > MAX_RAW_PIXELS:
            millions = f"{MAX_RAW_PIXELS // 1_000_000} million pixels in {given.fourcc}"
            raise SourceError(reasons.bad_size(self._path, given.size, f"at most {millions}"))

    def _offer(self, device: V4l2Device, fourcc: str) -> frame_sizes.Offer:
        """What is nearest to the wanted size in this format."""
        size = frame_sizes.nearest(device.sizes(fourcc, self._size), self._size)
        return frame_sizes.Offer(fourcc, size, max(device.rates(fourcc, size), default=0))

    def _prepare(self, given: PixelFormat) -> None:
        """Import what its frames need: a camera with JPEG of its own needs no Pillow, 3 MB of memory."""
        self._layout = self._decoder = None
        if given.fourcc in VIDEO_FORMATS:
            try:
                from capture.v4l2.video_decoder import VideoDecoder
            except ImportError:
                raise SourceError(reasons.only_compressed(self._path, given.fourcc)) from None
            self._decoder = VideoDecoder(given.fourcc, self._quality, self._patience)
        elif given.fourcc not in JPEG_FORMATS:
            from capture.v4l2.raw import Layout

            self._layout = Layout(
                given.fourcc, given.size, given.bytes_per_line, given.full_range, encoding=given.encoding
            )

    def _picture(self, jpeg: bytes, monotonic: float) -> Picture:
        return Picture(jpeg, time.time() - (time.monotonic() - monotonic), monotonic)

    def _log_format(self, device: V4l2Device) -> None:
        given = self._format
        exact = (given.size, self._camera_fps) == (self._size, self._fps)
        asked = "" if exact else f" (asked for {self._size} at {self._fps:g} fps)"
        self._log_once(logging.INFO, f"{self.name}: {given.fourcc} {given.size} at {self._camera_fps:g} fps{asked}")
        if device.buffer_count < FEWEST_BUFFERS:
            few = f"the driver gave {device.buffer_count} buffer of {BUFFERS}: it will lose frames"
            self._log_once(logging.WARNING, f"{self.name}: {few}")

    def _log_once(self, level: int, text: str) -> None:
        """Not at each opening: a camera that fails is opened again and again."""
        if text not in self._logged:
            self._logged.add(text)
            logger.log(level, "%s", text)
