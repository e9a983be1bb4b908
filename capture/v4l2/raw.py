"""Uncompressed frames to JPEG: for cameras that offer no Motion JPEG. Where the bytes come from is v4l2's part.

The layouts are those of the kernel's documentation, "YUV Formats" (userspace-api/media/v4l/yuv-formats.html).
"""

import io
from dataclasses import dataclass

from PIL import Image

from framebus.config.size import Size

FORMATS = ("YUYV", "UYVY", "NV12", "YU12", "GREY")
"""The fourcc codes of these layouts, those with the most colour first."""
SUBSAMPLING = "4:2:0"
"""What Motion JPEG cameras and browsers are used to; it takes a tenth less time than 4:2:2."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the frames of a camera lie in memory."""

    fourcc: str
    size: Size
    bytes_per_line: int
    """Of the first plane, with its padding; 0 means none."""
    full_range: bool
    """Whether black is 0 and white 255, as JPEG has it, and not 16 and 235, as television has it."""

    @property
    def frame_bytes(self) -> int:
        """How many bytes a whole frame has."""
        chroma = self._line * self.size.height // 2 if self.fourcc in ("NV12", "YU12") else 0
        return self._line * self.size.height + chroma

    @property
    def _line(self) -> int:
        packed = self.fourcc in ("YUYV", "UYVY")
        return max(self.bytes_per_line, self.size.width * (2 if packed else 1))

    def encode(self, data: bytes, quality: int) -> bytes:
        """A JPEG of one frame; `quality` is 1 to 100. Raises ValueError when there are fewer bytes than a frame has."""
        if len(data) < self.frame_bytes:
            expected = f"{self.frame_bytes} of a {self.size} {self.fourcc} frame"
            raise ValueError(f"{len(data)} bytes, expected {expected}")
        jpeg = io.BytesIO()
        picture = self._grey(data) if self.fourcc == "GREY" else self._colour(data)
        picture.save(jpeg, "JPEG", quality=quality, subsampling=SUBSAMPLING)
        return jpeg.getvalue()

    def _grey(self, data: bytes) -> Image.Image:
        luma = self._plane("L", data, self.size.width, self.size.height, self._line)
        return luma if self.full_range else luma.point(_FULL_LUMA)

    def _colour(self, data: bytes) -> Image.Image:
        luma, blue, red = self._packed(data) if self.fourcc in ("YUYV", "UYVY") else self._planar(data)
        if not self.full_range:
            luma, blue, red = luma.point(_FULL_LUMA), blue.point(_FULL_CHROMA), red.point(_FULL_CHROMA)
        # Each chroma sample is doubled because Pillow takes whole planes only; the encoder averages them back into one.
        wide = [plane.resize(luma.size, Image.Resampling.NEAREST) for plane in (blue, red)]
        return Image.merge("YCbCr", (luma, *wide))

    def _packed(self, data: bytes) -> tuple[Image.Image, Image.Image, Image.Image]:
        """The same bytes seen twice, split by Pillow's own loops: by the pixel, and by the pair of pixels."""
        width, height = self.size.width, self.size.height
        pixels = self._plane("LA", data, width, height, self._line)
        pairs = self._plane("RGBA", data, width // 2, height, self._line)
        luma, blue, red = (0, 1, 3) if self.fourcc == "YUYV" else (1, 0, 2)
        return pixels.getchannel(luma), pairs.getchannel(blue), pairs.getchannel(red)

    def _planar(self, data: bytes) -> tuple[Image.Image, Image.Image, Image.Image]:
        """The luma plane, and behind it the chroma, half as wide and half as high."""
        width, height, line = self.size.width, self.size.height, self._line
        luma = self._plane("L", data, width, height, line)
        chroma = data[line * height :]
        if self.fourcc == "NV12":
            pairs = self._plane("LA", chroma, width // 2, height // 2, line)
            return luma, pairs.getchannel(0), pairs.getchannel(1)
        blue = self._plane("L", chroma, width // 2, height // 2, line // 2)
        red = self._plane("L", chroma[line // 2 * (height // 2) :], width // 2, height // 2, line // 2)
        return luma, blue, red

    def _plane(self, mode: str, data: bytes, width: int, height: int, line: int) -> Image.Image:
        return Image.frombuffer(mode, (width, height), data, "raw", mode, line, 1)


def _stretched(value: float) -> int:
    return min(255, max(0, round(value)))


# ITU-R BT.601: luma takes 16 to 235, chroma 16 to 240 around 128. JFIF wants 0 to 255 of both.
_FULL_LUMA = [_stretched((value - 16) * 255 / 219) for value in range(256)]
_FULL_CHROMA = [_stretched((value - 128) * 255 / 224 + 128) for value in range(256)]
