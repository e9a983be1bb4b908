"""USB cameras and others behind /dev/videoN: their Motion JPEG untouched, or their YUYV made JPEG.

Whether a JPEG is whole is judged by capture.reader; the order of the frames is kept by v4l2.newest.
"""

import logging
import time

from capture.pace import HEADROOM, Pace
from capture.source import READ_LIMIT_SECONDS, Picture, Source, SourceError
from capture.v4l2 import reasons
from capture.v4l2.device import USABLE_FORMATS, PixelFormat, V4l2Device, usable_format
from capture.v4l2.newest import NewestFrame
from framebus.config import Size

logger = logging.getLogger("capture")

BUFFERS = 4
"""One being filled, one being copied, and two for the moments in which we are late."""
FEWEST_BUFFERS = 2


class V4l2Source(Source):
    """A V4L2 device that captures into mapped buffers of one plane."""

    def __init__(self, device: str, size: Size, fps: float, quality: int) -> None:
        """`device` is the path of its node, `fps` frames a second; `quality`, 1 to 100, is for cameras without JPEG."""
        self._path = device
        self._size = size
        self._fps = fps
        self._quality = quality
        self._device: V4l2Device | None = None
        self._format = PixelFormat("", size, 0, False)
        self._queue: NewestFrame | None = None
        self._rate = fps
        self._dropped_earlier = 0

    @property
    def name(self) -> str:
        """The node's path, as it was given."""
        return f"v4l2:{self._path}"

    def open(self) -> None:
        """Let the camera stream in the format and size that it has nearest to what is wanted."""
        try:
            self._device = device = V4l2Device(self._path)
            self._negotiate(device)
            device.request_buffers(BUFFERS)
            device.start()
        except OSError as error:
            raise SourceError(reasons.not_opened(self._path, error)) from error
        self._log(device)
        self._queue = NewestFrame(device, 1 / self._rate, self._least_bytes())
        self._dropped_earlier = self.dropped

    def read(self, pace: Pace, seq: int) -> Picture | None:
        """Wait until a frame is wanted, then for the newest; how old it was when fetched is in its times."""
        queue = self._queue
        assert queue is not None  # opened before it is read
        if pace.fps * HEADROOM < self._rate:
            queue.unwanted()
        if not pace.wait(READ_LIMIT_SECONDS):
            return None
        try:
            frame = queue.take(READ_LIMIT_SECONDS)
        except OSError as error:
            raise SourceError(reasons.gone(self._path)) from error
        finally:
            self.dropped = self._dropped_earlier + queue.lost
        if frame is None:
            return None
        pace.taken()
        captured = time.time() - (time.monotonic() - frame.monotonic)
        return Picture(self._jpeg(frame.data), captured, frame.monotonic)

    def close(self) -> None:
        """Stop the camera and let go of its node."""
        self._queue = None
        if self._device is not None:
            self._device.close()
            self._device = None

    def _negotiate(self, device: V4l2Device) -> None:
        identity = device.identity()
        if not identity.captures:
            raise SourceError(reasons.no_camera(self._path, identity.card, identity.driver))
        offered = device.formats()
        fourcc = usable_format(offered)
        if fourcc is None:
            raise SourceError(reasons.no_format(self._path, offered, USABLE_FORMATS))
        self._format = device.set_format(fourcc, self._size)
        if self._format.fourcc not in USABLE_FORMATS:  # a driver may set what it likes
            raise SourceError(reasons.no_format(self._path, [self._format.fourcc], USABLE_FORMATS))
        self._rate = device.set_fps(self._fps) or self._fps

    def _least_bytes(self) -> int:
        """What a frame needs to be worth a look."""
        if self._format.fourcc != "YUYV":
            return 1
        from capture.v4l2 import yuyv  # only here: a camera with JPEG of its own needs no Pillow, 3 MB of memory

        return yuyv.frame_bytes(self._format.size, self._format.bytes_per_line)

    def _jpeg(self, data: bytes) -> bytes:
        given = self._format
        if given.fourcc != "YUYV":
            return data
        from capture.v4l2 import yuyv

        return yuyv.encode(data, given.size, given.bytes_per_line, given.full_range, self._quality)

    def _log(self, device: V4l2Device) -> None:
        given = self._format
        exact = (given.size, self._rate) == (self._size, self._fps)
        asked = "" if exact else f" (asked for {self._size} at {self._fps:g} fps)"
        logger.info("%s: %s %s at %g fps%s", self.name, given.fourcc, given.size, self._rate, asked)
        if device.buffer_count < FEWEST_BUFFERS:
            logger.warning(
                "%s: the driver gave %d buffer of %d: it will lose frames", self.name, device.buffer_count, BUFFERS
            )
