"""picamera2's encoders, fed with the wanted frames only, and an output that swaps a reference.

Imports picamera2: to be imported only once a camera is opened.
"""

import contextlib
import os
from typing import Any

from picamera2.encoders import JpegEncoder, MJPEGEncoder
from picamera2.encoders.v4l2_encoder import V4L2Encoder
from picamera2.outputs import Output

from capture.picamera2.latest_frame import LatestFrame
from capture.v4l2.device import V4l2Device
from framebus.config.size import Size

AT_ONCE = 2
"""Frames with the encoder: one is encoded while the one before is not done yet. More would keep a Pi from all else."""
CODEC = "/dev/video11"
"""picamera2 knows the encoder by this path alone."""
CODEC_DRIVER = "bcm2835-codec"
"""Of Pi 4 and older, Zero 2 W among them. A Pi 5 has no encoder, and picamera2's class of the same name is FFmpeg."""
CODEC_LARGEST = 1920
"""Pixels of width and of height: MAX_W_CODEC and MAX_H_CODEC of the driver (bcm2835-v4l2-codec.c)."""
CODEC_FORMATS = ("YUV420", "XBGR8888", "XRGB8888", "BGR888", "RGB888")
JPEG_FORMATS = CODEC_FORMATS
"""What both encoders take (their FORMAT_TABLE, and YUV420)."""

# picamera2's own bit rates for its five qualities, in Mbit/s for 1920x1080 at 30 fps (MJPEGEncoder._setup), by the JPEG
# quality that it gives the same names (JpegEncoder._setup).
_BITRATES = ((25, 16), (35, 20), (50, 30), (65, 40), (80, 50))
_REFERENCE_PIXELS = 1920 * 1080
_BITRATE_STEP = 25_000
_BITRATE_MOST = 25_000_000
"""What the driver's control allows, in bit/s."""


class _Demanded:
    """Put in front of an encoder: passes on the frames that LatestFrame wants, and remembers their metadata."""

    latest_frame: LatestFrame
    pixel_stream: str
    firsttimestamp: int | None

    def encode(self, stream: str, request: Any) -> None:
        """Called for each frame, by the event loop."""
        if not self.latest_frame.wants():
            return
        metadata = request.get_metadata()
        timestamp_us = int(metadata["SensorTimestamp"] / 1000)  # as Encoder._timestamp rounds it
        if self.firsttimestamp is None:  # else two threads of the encoder might each take its frame for the first
            self.firsttimestamp = timestamp_us
        # The buffer goes back to the camera after this. Measured at 720p on x86: to copy and scale it takes 0.6 ms, to
        # decode the JPEG at half its size 1.7 ms. Of a stream of half the size, a quarter is copied and nothing scaled.
        pixels = request.make_buffer(self.pixel_stream) if self.latest_frame.wants_pixels else None
        self.latest_frame.begin(timestamp_us - self.firsttimestamp, metadata, pixels)
        super().encode(stream, request)  # type: ignore[misc]  # of the encoder behind this class


class SoftwareEncoder(_Demanded, JpegEncoder):  # type: ignore[misc]  # picamera2 has no types
    """libjpeg-turbo on the processor, in threads of its own."""

    def __init__(self, latest_frame: LatestFrame, quality: int, pixel_stream: str) -> None:
        super().__init__(num_threads=AT_ONCE, q=quality)
        self.latest_frame = latest_frame
        self.pixel_stream = pixel_stream


class HardwareEncoder(_Demanded, MJPEGEncoder):  # type: ignore[misc]
    """The VideoCore's encoder, which knows bit rates and no quality."""

    def __init__(self, latest_frame: LatestFrame, bitrate: int, pixel_stream: str) -> None:
        super().__init__(bitrate)
        self.latest_frame = latest_frame
        self.pixel_stream = pixel_stream


class LatestFrameOutput(Output):  # type: ignore[misc]
    """Where an encoder's pictures go."""

    def __init__(self, latest_frame: LatestFrame) -> None:
        super().__init__()
        self._latest_frame = latest_frame

    def outputframe(
        self, frame: bytes, keyframe: bool = True, timestamp: int = 0, packet: Any = None, audio: bool = False
    ) -> None:
        """Called for each picture, by a thread of the encoder."""
        self._latest_frame.put(timestamp, frame)


def why_software(size: Size, node: str = CODEC) -> str:
    """Empty where the hardware can encode pictures of this size, else why it cannot."""
    if not os.path.exists(node):
        return f"this machine has no hardware encoder (there is no {node})"
    try:
        with contextlib.closing(V4l2Device(node)) as device:
            driver = device.identity().driver
    except OSError as error:
        return f"the hardware encoder cannot be opened ({node}: {error.strerror})"
    if driver != CODEC_DRIVER or not issubclass(MJPEGEncoder, V4L2Encoder):
        return f"this machine has no hardware encoder ({node} is of the driver {driver})"
    if max(size.width, size.height) > CODEC_LARGEST:
        return f"the hardware encoder takes at most {CODEC_LARGEST} pixels of width and height"
    return ""


def bitrate(quality: int, size: Size) -> int:
    """Bits per second at 30 fps for pictures about as good as JPEG of this quality, 1 to 100.

    The hardware spreads them over 30 frames whatever the camera's rate: it is the size of a picture that is set.
    """
    lower = [point for point in _BITRATES if point[0] <= quality] or [(0, 0)]
    upper = [point for point in _BITRATES if point[0] > quality]
    (q0, m0), (q1, m1) = (lower[-1], upper[0]) if upper else (_BITRATES[-2], _BITRATES[-1])
    megabits = m0 + (m1 - m0) * (quality - q0) / (q1 - q0)
    wanted = megabits * 1_000_000 * size.width * size.height / _REFERENCE_PIXELS
    return min(max(round(wanted / _BITRATE_STEP), 1) * _BITRATE_STEP, _BITRATE_MOST)
