"""Encodes decoded video as JPEG, within the configured size and with square pixels."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import cast

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image

from framebus.config.size import Size
from framebus.publishing.jpeg import Jpeg

MOST_STRETCH = 4.0
"""A pixel that is wider or higher than this is taken for a mistake of the camera."""
ORIENTATIONS = {90: 8, 180: 3, 270: 6}
"""The EXIF orientation of a video that is to be turned by so many degrees counter-clockwise, as phones record."""


class FrameEncoder:
    """Makes JPEGs of one camera's frames; only in one thread at a time."""

    def __init__(self, size: Size, quality: int) -> None:
        """Frames larger than `size` are made smaller; `quality` is from 1 to 100."""
        self._size = size
        self._quality = quality
        self._reformatter = VideoReformatter()
        self.pixel_aspect: float | None = None
        """Width by height of a pixel, as the container has it; frames do not tell in every version of PyAV."""

    def later(self, frame: VideoFrame) -> Callable[[], bytes]:
        """What encodes the frame, for when it is wanted."""
        return partial(self.encode, frame, self.pixel_aspect)

    def encode(self, frame: VideoFrame, pixel_aspect: float | None = None) -> bytes:
        """The frame as JPEG.

        PyAV's own `to_image` copies the pixels three times, into new memory each: measured at 720p, 10 ms instead of
        2.5.
        """
        width, height = made_size(frame.width, frame.height, pixel_aspect or 1.0, self._size)
        plane = self._reformatter.reformat(frame, width, height, "rgb24").planes[0]
        pixels = cast(bytes, plane)  # any buffer will do, but Pillow's types do not say so
        image = Image.frombuffer("RGB", (width, height), pixels, "raw", "RGB", plane.line_size, 1)
        file = BytesIO()
        image.save(file, "JPEG", quality=self._quality)
        turned = ORIENTATIONS.get(round(getattr(frame, "rotation", 0)) % 360, 1)
        return file.getvalue() if turned == 1 else Jpeg.parse(file.getvalue()).with_orientation(turned).data


def made_size(width: int, height: int, pixel_aspect: float, limit: Size) -> tuple[int, int]:
    """The size of the JPEG: square pixels, the shape of what is shown, and within the limit."""
    if not 1 / MOST_STRETCH <= pixel_aspect <= MOST_STRETCH:
        pixel_aspect = 1.0
    shown_width = width * pixel_aspect
    scale = min(1.0, limit.width / shown_width, limit.height / height)
    return max(1, round(shown_width * scale)), max(1, round(height * scale))
