"""USB cameras and others behind /dev/videoN: their Motion JPEG untouched, or uncompressed frames made JPEG.

Whether a JPEG is whole is judged by capture.reader; the order of the frames is kept by v4l2.newest.
"""

import logging
import time
from typing import TYPE_CHECKING

from capture.rate_control import HEADROOM, RateControl
from capture.source import READ_LIMIT_SECONDS, Picture, Source, SourceError
from capture.v4l2 import frame_sizes, reasons
from capture.v4l2.buffer_queue import BufferQueue
from capture.v4l2.device import USABLE_FORMATS, PixelFormat, V4l2Device, usable_formats
from capture.v4l2.resolve import path_of, video_nodes
from framebus.config.size import Size
from framebus.protocol.controls import Control, ControlError, Value

if TYPE_CHECKING:
    from capture.v4l2.raw import Layout

logger = logging.getLogger("capture")

BUFFERS = 4
"""One being filled, one being copied, and two for the moments in which we are late."""
FEWEST_BUFFERS = 2


class V4l2Source(Source):
    """A V4L2 device that captures into mapped buffers of one plane."""

    def __init__(self, device: str, size: Size, fps: float, quality: int) -> None:
        """`device` is the path of its node, serial=… or name=…; `quality`, 1 to 100, is for cameras without JPEG."""
        self._target = device
        self._path = device
        self._size = size
        self._fps = fps
        self._quality = quality
        self._device: V4l2Device | None = None
        self._format = PixelFormat("", size, 0, False)
        self._layout: Layout | None = None
        self._queue: BufferQueue | None = None
        self._fps_meter = fps
        self._dropped_earlier = 0
        self._seen: dict[str, int] = {}

    @property
    def name(self) -> str:
        """The device, as it was given."""
        return f"v4l2:{self._target}"

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
        self._log(device)
        self._queue = BufferQueue(device, 1 / self._fps_meter, self._layout.frame_bytes if self._layout else 1)
        self._dropped_earlier = self.dropped

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a frame is wanted, then for the newest; how old it was when fetched is in its times."""
        queue = self._queue
        assert queue is not None  # opened before it is read
        if rate_control.fps * HEADROOM < self._fps_meter:
            queue.unwanted()
        if not rate_control.wait(READ_LIMIT_SECONDS):
            return None
        try:
            frame = queue.take(READ_LIMIT_SECONDS)
        except OSError as error:
            raise SourceError(reasons.gone(self._path)) from error
        finally:
            self.dropped = self._dropped_earlier + queue.lost
        if frame is None:
            return None
        rate_control.taken()
        captured = time.time() - (time.monotonic() - frame.monotonic)
        return Picture(self._jpeg(frame.data), captured, frame.monotonic)

    def close(self) -> None:
        """Stop the camera and let go of its node."""
        self._queue = None
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
        return video_nodes(*([self._target] if self._target.startswith("/") else []))

    def _negotiate(self, device: V4l2Device) -> None:
        identity = device.identity()
        if not identity.captures:
            raise SourceError(reasons.no_camera(self._path, identity.card, identity.driver))
        offered = device.formats()
        usable = usable_formats(offered)
        if not usable:
            raise SourceError(reasons.no_format(self._path, offered, USABLE_FORMATS))
        chosen = frame_sizes.best([self._offer(device, fourcc) for fourcc in usable], self._size, self._fps)
        self._format = device.set_format(chosen.fourcc, chosen.size)
        if self._format.fourcc not in USABLE_FORMATS:  # a driver may set what it likes
            raise SourceError(reasons.no_format(self._path, [self._format.fourcc], USABLE_FORMATS))
        self._fps_meter = device.set_fps(self._fps) or self._fps
        self._layout = self._layout_of(self._format)

    def _offer(self, device: V4l2Device, fourcc: str) -> frame_sizes.Offer:
        """What is nearest to the wanted size in this format."""
        size = frame_sizes.nearest(device.sizes(fourcc, self._size), self._size)
        return frame_sizes.Offer(fourcc, size, max(device.rates(fourcc, size), default=0))

    def _layout_of(self, given: PixelFormat) -> "Layout | None":
        """How its frames lie in memory; None where they are JPEG."""
        if given.fourcc in ("MJPG", "JPEG"):
            return None
        from capture.v4l2.raw import Layout  # only here: a camera with JPEG of its own needs no Pillow, 3 MB of memory

        return Layout(given.fourcc, given.size, given.bytes_per_line, given.full_range)

    def _jpeg(self, data: bytes) -> bytes:
        return data if self._layout is None else self._layout.encode(data, self._quality)

    def _log(self, device: V4l2Device) -> None:
        given = self._format
        exact = (given.size, self._fps_meter) == (self._size, self._fps)
        asked = "" if exact else f" (asked for {self._size} at {self._fps:g} fps)"
        logger.info("%s: %s %s at %g fps%s", self.name, given.fourcc, given.size, self._fps_meter, asked)
        if device.buffer_count < FEWEST_BUFFERS:
            logger.warning(
                "%s: the driver gave %d buffer of %d: it will lose frames", self.name, device.buffer_count, BUFFERS
            )
