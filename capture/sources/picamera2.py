"""Raspberry Pi cameras: libcamera's pictures through picamera2, encoded as JPEG by its encoders.

picamera2 and libcamera are imported only when a camera is opened: they come from apt and exist on a Pi alone. The
modules of capture.picamera2 do the work; here is the source.
"""

import gc
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from capture.orientation import for_camera, mirrored
from capture.picamera2 import reasons
from capture.picamera2.call_timeout import call_with_timeout, given_up
from capture.picamera2.controls import CameraControls
from capture.picamera2.detect import attached, is_usb
from capture.picamera2.metadata import plainly
from capture.picamera2.sensor_clock import age
from capture.rate_control import HEADROOM, RateControl
from capture.source import READ_LIMIT_SECONDS, Source, SourceError
from framebus.config.size import Size
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture

if TYPE_CHECKING:
    from PIL import Image

    from capture.picamera2.camera import Camera, Pixels
    from capture.picamera2.latest_frame import Encoded

logger = logging.getLogger("capture")

OPEN_LIMIT_SECONDS = 30.0
"""A Pi Zero takes some seconds to import picamera2 from a cold card."""
CLOSE_LIMIT_SECONDS = 5.0
"""It takes half a second."""
STILL_PERIODS = 2
"""A still is the next frame that begins after the request: it ends two frame periods later at most."""


PLANAR = "YUV420"
"""The format that is asked for, V4L2's YU12; the colour space is that of JPEG."""


class Picamera2Source(Source):
    """The camera of a number, as picamera2 counts them."""

    call_limit_seconds = OPEN_LIMIT_SECONDS

    def __init__(
        self,
        number: int,
        size: Size,
        fps: float,
        quality: int,
        orientation: int = 1,
        *,
        still_size: Size | None = None,
        close_limit_seconds: float = CLOSE_LIMIT_SECONDS,
    ) -> None:
        """Prepare a camera; nothing is opened yet.

        Args:
            number: as picamera2 counts the cameras.
            size: of the frames.
            fps: frames a second.
            quality: of the JPEGs, 1 to 100.
            orientation: EXIF's; the camera does what it can of it.
            still_size: of stills, where that is another.
            close_limit_seconds: how long closing the camera may take before the process has to end.
        """
        self._close_limit_seconds = close_limit_seconds
        self._still_size = still_size if still_size != size else None
        self.has_stills = self._still_size is not None
        self._number = number
        self._size = size
        self._fps = fps
        self._quality = quality
        self._wanted_orientation = orientation
        self.orientation = for_camera(orientation).orientation
        self._camera: Camera | None = None
        self._controls = CameraControls({}, fps, {})
        self._metadata: Mapping[str, Any] = {}
        self._dropped_earlier = 0
        self._said = ""

    @property
    def name(self) -> str:
        """With its number, also where the configuration leaves that out."""
        return f"picamera2:{self._number}"

    def open(self) -> None:
        """Let the camera stream in the size and at the rate that it has nearest to what is wanted."""
        slow = reasons.stuck(self.name, "opening it", OPEN_LIMIT_SECONDS)
        camera = call_with_timeout(OPEN_LIMIT_SECONDS, self._opened, slow)
        self._camera = camera
        self._controls = CameraControls(camera.advertised(), camera.fps, camera.began_with)
        self._metadata = {}
        self._dropped_earlier = self.dropped
        # What it could not flip, the viewer has to.
        self.orientation = mirrored(self._wanted_orientation, hflip=camera.hflip, vflip=camera.vflip)
        self._log(camera)

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a frame is wanted, then for the newest. While few are wanted, no other is made JPEG."""
        camera = self._camera
        assert camera is not None  # opened before it is read
        camera.latest_frame.want_every(rate_control.fps * HEADROOM >= camera.fps)
        camera.latest_frame.wants_pixels = rate_control.renditions and camera.pixels.format == PLANAR
        if not rate_control.wait(READ_LIMIT_SECONDS):
            return None
        camera.latest_frame.want_every(rate_control.fps * HEADROOM >= camera.fps)  # a viewer may have come meanwhile
        encoded = camera.latest_frame.take(READ_LIMIT_SECONDS)
        self.dropped = self._dropped_earlier + camera.latest_frame.lost
        if encoded is None:
            if camera.failed:
                raise SourceError(reasons.died(self.name, camera.failed))
            return None
        rate_control.taken()
        self._metadata = encoded.metadata
        return self._picture(camera, encoded)

    def still(self, seq: int) -> Picture | None:
        """The next frame in the still's size, encoded for it."""
        assert self._camera is not None  # opened before it is asked
        encoded = self._camera.still(self._quality, READ_LIMIT_SECONDS + STILL_PERIODS / self._camera.fps)
        return None if encoded is None else self._picture(self._camera, encoded)

    def _picture(self, camera: "Camera", encoded: "Encoded") -> Picture:
        seconds = age(encoded.metadata.get("SensorTimestamp"), 1 / camera.fps)
        return Picture(
            encoded.jpeg,
            time.time() - seconds,
            time.monotonic() - seconds,
            plainly(encoded.metadata),
            None if encoded.pixels is None else partial(_scaled, encoded.pixels, camera.pixels, camera.size),
        )

    def close(self) -> None:
        """Stop and close the camera. Raises SourceStuck when that fails: only a new process can use it then."""
        camera, self._camera = self._camera, None
        if camera is not None:
            try:
                call_with_timeout(
                    self._close_limit_seconds,
                    camera.close,
                    reasons.stuck(self.name, "closing it", self._close_limit_seconds),
                )
            except (RuntimeError, OSError) as error:
                raise given_up(reasons.not_closed(self.name, error)) from error
        gc.collect()  # reference cycles of picamera2 hold a descriptor, also after a failed opening

    def controls(self) -> list[Control]:
        """What the camera lets be set."""
        return self._controls.controls(self._metadata)

    def set_controls(self, values: dict[str, Value]) -> None:
        """Set these; the pictures show it some frames later."""
        assert self._camera is not None  # opened before it is set
        self._camera.set_controls(self._controls.to_set(values))

    def _opened(self) -> "Camera":
        try:
            from capture.picamera2.camera import FAILURES, Camera
            from capture.picamera2.encoding import JPEG_FORMATS

            cameras = attached()
        except reasons.UNIMPORTABLE as error:
            raise SourceError(reasons.not_imported(self.name, error)) from error
        if self._number >= len(cameras):
            raise SourceError(reasons.no_such_camera(self.name, self._number, cameras))
        if is_usb(cameras[self._number]):
            raise SourceError(reasons.usb(self.name, cameras[self._number]))
        flips = for_camera(self._wanted_orientation)
        try:
            camera = Camera(
                self._number,
                self._size,
                self._fps,
                hflip=flips.hflip,
                vflip=flips.vflip,
                still_size=self._still_size,
            )
            try:
                if camera.format not in JPEG_FORMATS:
                    raise SourceError(reasons.no_format(self.name, camera.format, JPEG_FORMATS))
                self._say_encoder(camera.start(self._quality))
            except (*FAILURES, SourceError):
                camera.close()
                raise
        except FAILURES as error:
            raise SourceError(reasons.refused(self.name, error)) from error
        return camera

    def _say_encoder(self, why_software: str) -> None:
        said = f"the processor makes the JPEGs, as {why_software}" if why_software else "the hardware makes the JPEGs"
        if said != self._said:  # once, and not at each opening
            self._said = said
            logger.info("%s: %s", self.name, said)

    def _log(self, camera: "Camera") -> None:
        exact = (camera.size, camera.fps) == (self._size, self._fps)
        asked = "" if exact else f" (asked for {self._size} at {self._fps:g} fps)"
        logger.info("%s: %s, %s %s at %g fps%s", self.name, camera.model, camera.format, camera.size, camera.fps, asked)


def _scaled(data: Any, pixels: "Pixels", size: Size, divisor: int) -> "Image.Image":
    """A frame of this size, smaller; called in the thread that makes renditions."""
    from capture.v4l2.raw import Layout  # imported late, as it imports Pillow

    buffer = cast(bytes, data)  # an array of numpy's: any buffer will do, but Pillow's types do not say so
    layout = Layout("YU12", pixels.size, pixels.stride, full_range=True)
    return layout.picture(buffer, divisor * pixels.size.width // size.width)
