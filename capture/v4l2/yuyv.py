"""YUYV to JPEG: for cameras that offer no Motion JPEG. Where the bytes come from is v4l2's part."""

import io

from PIL import Image

from framebus.config import Size

SUBSAMPLING = "4:2:0"
"""What Motion JPEG cameras and browsers are used to; it takes a tenth less time than 4:2:2."""


def frame_bytes(size: Size, bytes_per_line: int) -> int:
    """How many bytes a whole frame has."""
    return max(bytes_per_line, 2 * size.width) * size.height


def encode(data: bytes, size: Size, bytes_per_line: int, full_range: bool, quality: int) -> bytes:
    """A JPEG of one frame; `bytes_per_line` counts the padding of a line, and 0 means none.

    `full_range` says that black is 0 and white 255, as JPEG has it, and not 16 and 235, as television has it.
    `quality` is 1 to 100. Raises ValueError when there are fewer bytes than a frame has.
    """
    if len(data) < frame_bytes(size, bytes_per_line):
        raise ValueError(f"{len(data)} bytes, expected {frame_bytes(size, bytes_per_line)} of a {size} YUYV frame")
    # The same bytes seen twice, split by Pillow's own loops: as Y and chroma by the pixel, as Y U Y V by the pair.
    pixels = Image.frombuffer("LA", (size.width, size.height), data, "raw", "LA", bytes_per_line, 1)
    pairs = Image.frombuffer("RGBA", (size.width // 2, size.height), data, "raw", "RGBA", bytes_per_line, 1)
    luma, blue, red = pixels.getchannel(0), pairs.getchannel(1), pairs.getchannel(3)
    if not full_range:
        luma, blue, red = luma.point(_FULL_LUMA), blue.point(_FULL_CHROMA), red.point(_FULL_CHROMA)
    # Each chroma sample is doubled because Pillow takes whole planes only; the encoder averages the two back into one.
    wide = [plane.resize(luma.size, Image.Resampling.NEAREST) for plane in (blue, red)]
    jpeg = io.BytesIO()
    Image.merge("YCbCr", (luma, *wide)).save(jpeg, "JPEG", quality=quality, subsampling=SUBSAMPLING)
    return jpeg.getvalue()


def _stretched(value: float) -> int:
    return min(255, max(0, round(value)))


# ITU-R BT.601: luma takes 16 to 235, chroma 16 to 240 around 128. JFIF wants 0 to 255 of both.
_FULL_LUMA = [_stretched((value - 16) * 255 / 219) for value in range(256)]
_FULL_CHROMA = [_stretched((value - 128) * 255 / 224 + 128) for value in range(256)]
