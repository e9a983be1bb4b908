"""Encodes uncompressed frames as JPEG, for cameras without Motion JPEG. Pure.

The layouts are those of the kernel's documentation, "YUV Formats" and "RGB Formats"
(userspace-api/media/v4l/yuv-formats.html, pixfmt-rgb.html).
"""

import io
from functools import cache

import msgspec
from PIL import Image

from framebus.config.size import Size

PACKED = {"YUYV": (0, 1, 3), "YVYU": (0, 3, 1), "UYVY": (1, 0, 2), "VYUY": (1, 2, 0)}
"""Where luma lies in each two bytes, and blue and red in each four."""
SEMI_PLANAR = {"NV16": (2, 1), "NV61": (2, 1), "NV24": (1, 1), "NV42": (1, 1), "NV12": (2, 2), "NV21": (2, 2)}
PLANAR = {"422P": (2, 1), "YU12": (2, 2), "YV12": (2, 2)}
"""How many pixels, across and down, share a chroma sample: of the formats with two planes, and with three."""
RED_FIRST = ("NV21", "NV61", "NV42", "YV12")
CHROMA = SEMI_PLANAR | PLANAR | dict.fromkeys(PACKED, (2, 1))
RGB = {"RGB3": "RGB", "BGR3": "BGR", "XR24": "BGRX", "AR24": "BGRX", "BGR4": "BGRX", "RGB4": "XRGB"}
"""The fourcc codes of three or four bytes a pixel, and what Pillow calls them."""
FORMATS = (*PACKED, *SEMI_PLANAR, *PLANAR, *RGB, "GREY")
"""The fourcc codes of these layouts, those with the most colour first."""
SUBSAMPLING = "4:2:0"
"""What Motion JPEG cameras and browsers are used to; it takes a tenth less time than 4:2:2."""
WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593), "240M": (0.212, 0.087)}
"""How much of red and of blue is in luma: ITU-R BT.601, BT.709 and BT.2020, SMPTE 240M. JPEG means BT.601 (JFIF)."""


class Layout(msgspec.Struct, frozen=True):
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
        across, down = SEMI_PLANAR.get(self.fourcc) or PLANAR.get(self.fourcc) or (0, 0)
        chroma = 2 * (self._line // across) * (self.size.height // down) if across else 0
        return self._line * self.size.height + chroma

    @property
    def _line(self) -> int:
        pixel_bytes = 2 if self.fourcc in PACKED else len(RGB.get(self.fourcc, "1"))
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
        if divisor > 1:  # a chroma plane is smaller already
            across, down = (divisor // share for share in CHROMA[self.fourcc])
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
        """The luma plane, and behind it the chroma."""
        line, (across, down) = self._line, CHROMA[self.fourcc]
        luma = self._plane("L", data, self.size.width, self.size.height, line)
        chroma = data[line * self.size.height :]
        width, height, line = self.size.width // across, self.size.height // down, line // across
        if self.fourcc in SEMI_PLANAR:
            pairs = self._plane("LA", chroma, width, height, 2 * line)
            first, second = pairs.getchannel(0), pairs.getchannel(1)
        else:
            first = self._plane("L", chroma, width, height, line)
            second = self._plane("L", chroma[line * height :], width, height, line)
        return (luma, second, first) if self.fourcc in RED_FIRST else (luma, first, second)

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
