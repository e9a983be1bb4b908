"""Uncompressed frames made JPEG, for cameras that offer no Motion JPEG. Pure: the bytes come from elsewhere.

The layouts are those of the kernel's documentation, "YUV Formats" and "RGB Formats"
(userspace-api/media/v4l/yuv-formats.html, pixfmt-rgb.html).
"""

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image

from framebus.config.size import Size

PACKED = {"YUYV": (0, 1, 3), "YVYU": (0, 3, 1), "UYVY": (1, 0, 2), "VYUY": (1, 2, 0)}
"""Where luma lies in each two bytes, and blue and red in each four."""
SEMI_PLANAR = ("NV12", "NV21")
PLANAR = ("YU12", "YV12")
RGB = {"RGB3": "RGB", "BGR3": "BGR"}
"""The fourcc codes of three bytes a pixel, and what Pillow calls them."""
FORMATS = (*PACKED, *SEMI_PLANAR, *PLANAR, *RGB, "GREY")
"""The fourcc codes of these layouts, those with the most colour first."""
SUBSAMPLING = "4:2:0"
"""What Motion JPEG cameras and browsers are used to; it takes a tenth less time than 4:2:2."""
WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593), "240M": (0.212, 0.087)}
"""How much of red and of blue is in luma: ITU-R BT.601, BT.709 and BT.2020, SMPTE 240M. JPEG means BT.601 (JFIF)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the frames of a camera lie in memory."""

    fourcc: str
    size: Size
    bytes_per_line: int
    """Of the first plane, with its padding; 0 means none."""
    full_range: bool
    """Whether black is 0 and white 255, as JPEG has it, and not 16 and 235, as television has it."""
    encoding: str = "601"
    """Which of WEIGHTS its colours follow."""

    @property
    def frame_bytes(self) -> int:
        """How many bytes a complete frame has."""
        chroma = self._line * self.size.height // 2 if self.fourcc in (*SEMI_PLANAR, *PLANAR) else 0
        return self._line * self.size.height + chroma

    @property
    def _line(self) -> int:
        pixel_bytes = 2 if self.fourcc in PACKED else 3 if self.fourcc in RGB else 1
        return max(self.bytes_per_line, self.size.width * pixel_bytes)

    def encode(self, data: bytes, quality: int) -> bytes:
        """A JPEG of one frame; `quality` is 1 to 100. Raises ValueError when there are fewer bytes than a frame has."""
        if len(data) < self.frame_bytes:
            expected = f"{self.frame_bytes} of a {self.size} {self.fourcc} frame"
            raise ValueError(f"{len(data)} bytes, expected {expected}")
        jpeg = io.BytesIO()
        self.picture(data).save(jpeg, "JPEG", quality=quality, subsampling=SUBSAMPLING)
        return jpeg.getvalue()

    def picture(self, data: bytes, divisor: int = 1) -> Image.Image:
        """One frame, not yet a JPEG.

        Args:
            data: at least `frame_bytes`.
            divisor: of width and height, which are rounded up: 1, 2 or 4.
        """
        if self.fourcc == "GREY":
            return self._grey(data, divisor)
        return self._rgb(data, divisor) if self.fourcc in RGB else self._colour(data, divisor)

    def _grey(self, data: bytes, divisor: int) -> Image.Image:
        luma = _reduced(self._plane("L", data, self.size.width, self.size.height, self._line), divisor, divisor)
        return luma if self.full_range else luma.point(_FULL_LUMA)

    def _rgb(self, data: bytes, divisor: int) -> Image.Image:
        size = (self.size.width, self.size.height)
        picture = Image.frombuffer("RGB", size, data, "raw", RGB[self.fourcc], self._line, 1)
        picture = _reduced(picture, divisor, divisor)
        return picture if self.full_range else picture.point(_FULL_LUMA * 3)

    def _colour(self, data: bytes, divisor: int) -> Image.Image:
        luma, blue, red = self._packed(data) if self.fourcc in PACKED else self._planes(data)
        if divisor > 1:  # a chroma plane is half as wide already, and half as high unless it is packed
            across, down = divisor // 2, divisor if self.fourcc in PACKED else divisor // 2
            luma = _reduced(luma, divisor, divisor)
            blue, red = _reduced(blue, across, down), _reduced(red, across, down)
        if not self.full_range:
            luma, blue, red = luma.point(_FULL_LUMA), blue.point(_FULL_CHROMA), red.point(_FULL_CHROMA)
        # Each chroma sample is doubled because Pillow takes complete planes only; the encoder averages them into one.
        planes = [luma, *(_resized(plane, luma.size) for plane in (blue, red))]
        if self.encoding != "601":  # the bands are YCbCr's; Pillow has matrices for RGB alone
            planes = list(Image.merge("RGB", planes).convert("RGB", _to_601(self.encoding)).split())
        return Image.merge("YCbCr", planes)

    def _packed(self, data: bytes) -> tuple[Image.Image, Image.Image, Image.Image]:
        """The same bytes seen twice, split by Pillow's own loops: by the pixel, and by the pair of pixels."""
        width, height = self.size.width, self.size.height
        pixels = self._plane("LA", data, width, height, self._line)
        pairs = self._plane("RGBA", data, width // 2, height, self._line)
        luma, blue, red = PACKED[self.fourcc]
        return pixels.getchannel(luma), pairs.getchannel(blue), pairs.getchannel(red)

    def _planes(self, data: bytes) -> tuple[Image.Image, Image.Image, Image.Image]:
        """The luma plane, and behind it the chroma, half as wide and half as high."""
        width, height, line = self.size.width, self.size.height, self._line
        luma = self._plane("L", data, width, height, line)
        chroma = data[line * height :]
        if self.fourcc in SEMI_PLANAR:
            pairs = self._plane("LA", chroma, width // 2, height // 2, line)
            first, second = pairs.getchannel(0), pairs.getchannel(1)
        else:
            first = self._plane("L", chroma, width // 2, height // 2, line // 2)
            second = self._plane("L", chroma[line // 2 * (height // 2) :], width // 2, height // 2, line // 2)
        return (luma, second, first) if self.fourcc in ("NV21", "YV12") else (luma, first, second)

    def _plane(self, mode: str, data: bytes, width: int, height: int, line: int) -> Image.Image:
        return Image.frombuffer(mode, (width, height), data, "raw", mode, line, 1)


def _reduced(plane: Image.Image, across: int, down: int) -> Image.Image:
    """The average of so many pixels for each; the size is rounded up."""
    return plane if across == down == 1 else plane.reduce((across, down))


def _resized(plane: Image.Image, size: tuple[int, int]) -> Image.Image:
    return plane if plane.size == size else plane.resize(size, Image.Resampling.NEAREST)


def _stretched(value: float) -> int:
    return min(255, max(0, round(value)))


# ITU-R BT.601: luma takes 16 to 235, chroma 16 to 240 around 128. JFIF wants 0 to 255 of both.
_FULL_LUMA = [_stretched((value - 16) * 255 / 219) for value in range(256)]
_FULL_CHROMA = [_stretched((value - 128) * 255 / 224 + 128) for value in range(256)]


@cache
def _to_601(encoding: str) -> tuple[float, ...]:
    """The matrix that makes Y, Cb and Cr of this encoding those of BT.601, all of full range, for Image.convert."""
    red, blue = WEIGHTS[encoding]
    green = 1 - red - blue
    # Red, green and blue less luma, as multiples of Cb and Cr.
    red_cr, blue_cb = 2 * (1 - red), 2 * (1 - blue)
    green_cb, green_cr = -blue * blue_cb / green, -red * red_cr / green
    red_601, blue_601 = WEIGHTS["601"]
    green_601 = 1 - red_601 - blue_601
    luma = (green_601 * green_cb + blue_601 * blue_cb, red_601 * red_cr + green_601 * green_cr)
    blue_row = ((blue_cb - luma[0]) / (2 * (1 - blue_601)), -luma[1] / (2 * (1 - blue_601)))
    red_row = (-luma[0] / (2 * (1 - red_601)), (red_cr - luma[1]) / (2 * (1 - red_601)))
    return (
        *(1.0, *luma, -128 * sum(luma)),
        *(0.0, *blue_row, 128 * (1 - sum(blue_row))),
        *(0.0, *red_row, 128 * (1 - sum(red_row))),
    )
