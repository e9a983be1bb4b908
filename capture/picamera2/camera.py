"""One picamera2 camera: opens it, streams into a LatestFrame, and closes it in any state.

Imports picamera2: to be imported only once a camera is opened. Calls may hang; the limits are set by who calls.
"""

import atexit
import contextlib
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

import libcamera
import msgspec
from picamera2 import Picamera2
from picamera2.encoders import JpegEncoder
from picamera2.previews import NullPreview

from capture.picamera2 import encoding
from capture.picamera2.controls import AF_CONTINUOUS, Advertised
from capture.picamera2.encoding import HardwareEncoder, LatestFrameOutput, SoftwareEncoder
from capture.picamera2.latest_frame import Encoded, LatestFrame
from framebus.config.size import Size

BUFFERS = 6
"""picamera2's own choice for video."""
HALF = 2
"""What the width and height of the camera's smaller stream are divided by."""
BUFFERS_WITH_STILLS = 4
"""A frame of 12 megapixels takes 18 MB, and a Pi Zero 2 W has 512 in all."""
FAILURES = (RuntimeError, OSError, ValueError, LookupError)
"""What picamera2 and libcamera's bindings raise."""

# What they say with INFO concerns programmers; what Picamera2 says with ERROR, it raises as well, at each attempt.
logging.getLogger("picamera2").setLevel(logging.WARNING)
logging.getLogger("picamera2.picamera2").setLevel(logging.CRITICAL)


class Pixels(msgspec.Struct, frozen=True):
    """The stream that smaller frames are made from: the camera's own of half the size, else the one that is encoded."""

    stream: str
    """By picamera2's name."""
    format: str
    size: Size
    stride: int
    """Bytes from one line to the next."""


class _Picamera2(Picamera2):  # type: ignore[misc]  # picamera2 has no types
    """Releases everything when it cannot be made: the original leaves a pipe behind, and a camera in use."""

    def __init__(self, number: int) -> None:
        try:
            super().__init__(number)
        except FAILURES:
            atexit.unregister(self.close)
            if self.is_open:  # acquired
                self.camera.release()
                self.is_open: bool = False
                if self.camera_idx in self._cm.cameras:
                    self._cm.cleanup(self.camera_idx)
            if not self.notifymeread.closed:
                self.notifymeread.close()
                os.close(self.notifyme_w)
            raise


class Camera:
    """Open from the start until `close`. What fails meanwhile raises one of FAILURES."""

    def __init__(
        self, number: int, size: Size, fps: float, *, hflip: bool, vflip: bool, still_size: Size | None = None
    ) -> None:
        """Ask for this; `size`, `fps`, `hflip`, `vflip` and `format` are then what the camera really gives.

        With a `still_size` the sensor works in that one, and a smaller copy of it is what streams: to change the mode
        for a still would take a second, and memory that a Pi may not get a second time.
        """
        self._still_size = still_size
        self._encoder: Any = None
        self._loop = NullPreview()
        self._picamera2 = _Picamera2(number)
        self.began_with = _initial(self._picamera2.camera_ctrl_info)
        """The controls that it is started with, by libcamera's names."""
        try:
            self._configure(size, fps, libcamera.Transform(hflip=hflip, vflip=vflip))
        except FAILURES:
            self.close()
            raise
        self.latest_frame = LatestFrame(1 / self.fps, encoding.AT_ONCE)

    def start(self, quality: int) -> str:
        """Let it stream into `latest_frame`; returns why the hardware does not encode, empty when it does."""
        why_software = self._start_encoder(quality)
        self._picamera2.start_preview(self._loop)
        self._picamera2.start()
        return why_software

    def still(self, quality: int, limit_seconds: float) -> Encoded | None:
        """The next frame in the still's size, encoded here and now; None when none comes in time."""
        try:
            request = self._picamera2.capture_request(wait=limit_seconds, flush=True)
        except TimeoutError:
            self._picamera2.cancel_all_and_flush()  # else it would wait on, ahead of all that comes later
            return None
        try:
            jpeg = JpegEncoder(q=quality).encode_func(request, "main")
            return Encoded(jpeg, request.get_metadata(), time.monotonic())
        finally:
            request.release()

    @property
    def model(self) -> str:
        """The sensor's name."""
        return str(self._picamera2.camera_properties.get("Model", "camera"))

    @property
    def failed(self) -> str:
        """Which thread has ended by itself; empty while all are there."""
        if not self._loop.thread.is_alive():
            return "the event loop"
        return "" if self._encoder.thread.is_alive() else "the encoder"

    def advertised(self) -> dict[str, Advertised]:
        """The controls that libcamera lists."""
        return {name: _advertised(*info) for name, info in self._picamera2.camera_ctrl_info.items()}

    def set_controls(self, values: Mapping[str, Any]) -> None:
        """Give libcamera these values, by its own names, with the next request; they show some frames later."""
        self._picamera2.set_controls(dict(values))

    def close(self) -> None:
        """Stop and close, also when the sensor has stalled, threads have died, or a caller waits for a frame."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            _stop(encoder)
        self._picamera2.cancel_all_and_flush()  # a capture that timed out would stand before the stop for ever
        self._picamera2.close()
        del self._picamera2

    def _configure(self, size: Size, fps: float, transform: Any) -> None:
        period_us = round(1_000_000 / fps)
        controls = {"FrameDurationLimits": (period_us, period_us)} | self.began_with
        still = self._still_size
        self._stream = "main" if still is None else "lores"
        if still is not None:
            self._agree(still, size, transform, controls)
        elif not self._has_half(size, transform, controls):
            self._agree(size, None, transform, controls)
        given = self._picamera2.camera_configuration()
        self.format = str(given[self._stream]["format"])
        self.size = Size(*given[self._stream]["size"])
        lores = given["lores"] if still is None else None
        pixels = lores or given[self._stream]
        self.pixels = Pixels(
            "lores" if lores else self._stream, str(pixels["format"]), Size(*pixels["size"]), int(pixels["stride"])
        )
        self.hflip, self.vflip = bool(given["transform"].hflip), bool(given["transform"].vflip)
        shortest, longest, _ = self._picamera2.camera_controls["FrameDurationLimits"]
        possible_us = min(max(period_us, shortest), longest)
        self.fps = fps if possible_us == period_us else 1_000_000 / possible_us

    def _has_half(self, size: Size, transform: Any, controls: Mapping[str, Any]) -> bool:
        """Agree on a second stream of half the size, which the ISP scales: its pixels are what smaller frames need.

        Each stream has as many buffers. Where the camera would have to change anything for it, it is left out.
        """
        half = Size(size.width // HALF, size.height // HALF)
        if size.width % (2 * HALF) or size.height % (2 * HALF):  # YUV420 has sizes that are even
            return False
        try:
            self._agree(size, half, transform, controls)
        except FAILURES:
            return False
        given = self._picamera2.camera_configuration()
        found = [(str(given[name]["format"]), Size(*given[name]["size"])) for name in ("main", "lores")]
        return found == [("YUV420", size), ("YUV420", half)]

    def _agree(self, main: Size, lores: Size | None, transform: Any, controls: Mapping[str, Any]) -> None:
        """Configure the camera with one stream or two."""
        self._picamera2.configure(
            self._picamera2.create_video_configuration(
                main={"format": "YUV420", "size": (main.width, main.height)},
                lores=None if lores is None else {"format": "YUV420", "size": (lores.width, lores.height)},
                encode=self._stream,
                buffer_count=BUFFERS if self._still_size is None else BUFFERS_WITH_STILLS,
                raw=None,  # costs memory for pictures that are not read
                transform=transform,
                colour_space=libcamera.ColorSpace.Sycc(),  # what JPEG means by YCbCr; video's own would look pale
                controls=dict(controls),
            )
        )

    def _start_encoder(self, quality: int) -> str:
        output = LatestFrameOutput(self.latest_frame)
        why_software = encoding.why_software(self.size)
        if not why_software:
            encoder = HardwareEncoder(self.latest_frame, encoding.bitrate(quality, self.size), self.pixels.stream)
            try:
                self._picamera2.start_encoder(encoder, output)
            except OSError as error:
                _stop(encoder)
                why_software = f"the hardware encoder cannot be started ({error.strerror})"
            else:
                self._encoder = encoder
                return ""
        self._encoder = SoftwareEncoder(self.latest_frame, quality, self.pixels.stream)
        self._picamera2.start_encoder(self._encoder, output)
        return why_software


def _stop(encoder: Any) -> None:
    """End its threads; one that did not start is stopped as far as it came."""
    with contextlib.suppress(RuntimeError, AttributeError, OSError):
        encoder.stop()
    if isinstance(encoder, SoftwareEncoder):
        encoder.threads.shutdown()  # picamera2 leaves them to the end of the process


def _initial(advertised: Mapping[str, Any]) -> dict[str, Any]:
    """A camera that can focus does so, as rpicam-apps have it; and picamera2's own choice for video is said."""
    wanted = {"AfMode": AF_CONTINUOUS, "NoiseReductionMode": libcamera.controls.draft.NoiseReductionModeEnum.Fast}
    return {name: int(value) for name, value in wanted.items() if name in advertised}


def _advertised(identity: Any, info: Any) -> Advertised:
    # An array of as many as one likes has the largest size that there is.
    size = None if not identity.isArray else identity.size if identity.size < 1 << 16 else 0
    low, high, default = (_tuple(value) for value in (info.min, info.max, info.default))
    return Advertised(identity.type.name, size, low, high, default, _menu(identity.name, low, high))


def _menu(name: str, low: Any, high: Any) -> dict[int, str] | None:
    """The choices that libcamera's own enumeration gives names to, as far as this camera has them."""
    places = [libcamera.controls, getattr(libcamera.controls, "draft", None), getattr(libcamera.controls, "rpi", None)]
    kind = next((enumeration for place in places if (enumeration := getattr(place, f"{name}Enum", None))), None)
    if kind is None:
        return None
    choices = {int(choice): label for label, choice in kind.__members__.items()}
    return {number: label for number, label in sorted(choices.items()) if low is None or low <= number <= high}


def _tuple(value: Any) -> Any:
    return value.to_tuple() if isinstance(value, (libcamera.Rectangle, libcamera.Size)) else value
