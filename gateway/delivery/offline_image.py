"""The picture that MJPEG viewers get while a camera is offline: its last one, dimmed, with the reason as text.

`draw` is pure and slow: OfflineImages runs it in a thread. gateway.cameras.feed decides when to show it.
"""

import asyncio
import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from framebus.protocol.reduced_jpeg import decode_reduced
from framebus.runtime.save_jpeg import save_jpeg
from framebus.runtime.time_of_day import time_of_day

if TYPE_CHECKING:
    from PIL import Image

DIMMED = 0.35
"""Brightness that is left of the last picture: enough to recognise the place, too little to pass for a live picture."""
QUALITY = 70
LINES_HIGH = 14
"""A line of text takes this fraction of the picture's height."""
SIZE_WITHOUT_PICTURE = (640, 360)
MAX_LETTERS = 160
MAX_PIXELS = 1920 * 1080
"""A larger picture is decoded at a reduced scale: a text needs no more."""
MEGAPIXEL = 1_000_000
DEFAULT_MAX_MEGAPIXELS = 64.0


class OfflineImages:
    """Draws one offline image at a time, however many cameras are offline. Closed by its owner."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "offline-image")

    async def draw(self, jpeg: bytes | None, text: str, max_megapixels: float) -> bytes:
        """Call `draw` in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, draw, jpeg, text, max_megapixels)

    def close(self) -> None:
        """Cancel what waits to be drawn."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def sentence(since: float, reason: str) -> str:
    """Return the text of the picture; `since` is in Unix seconds."""
    return f"OFFLINE since {time_of_day(since)}: {reason}"[:MAX_LETTERS]


def draw(jpeg: bytes | None, text: str, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> bytes:
    """Draw a text over a picture, upright and dimmed, or over a plain card if the picture cannot be used.

    Args:
        jpeg: the last picture of the camera; None if there is none.
        text: what to write.
        max_megapixels: a picture that claims more is not decoded.

    Returns:
        A JPEG of at most MAX_PIXELS.
    """
    try:
        return _with_text(_dimmed(jpeg or b"", max_megapixels), text)
    except Exception:  # Pillow raises exceptions of many types for damaged pictures; MemoryError is one more
        return _with_text(_card(), text)


def _dimmed(jpeg: bytes, max_megapixels: float) -> "Image.Image":
    from PIL import Image, ImageEnhance, ImageOps  # imported late: takes 10 MB that most gateways never need

    Image.MAX_IMAGE_PIXELS = None  # the limit of the camera applies, which may be higher
    picture: Image.Image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    width, height = picture.size
    if width * height > max_megapixels * MEGAPIXEL:
        raise ValueError(f"{width}x{height} pixels, allowed: at most {max_megapixels:g} megapixels")
    scale = min(1.0, math.sqrt(MAX_PIXELS / (width * height)))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    reduced = decode_reduced(picture, size, "L")  # no colour, at a half, a quarter or an eighth where that is enough
    picture = reduced.image.resize(size, Image.Resampling.BILINEAR, box=(0, 0, *reduced.exact_size))
    upright = ImageOps.exif_transpose(picture).convert("L")
    return ImageEnhance.Brightness(upright).enhance(DIMMED).convert("RGB")


def _card() -> "Image.Image":
    from PIL import Image

    return Image.new("RGB", SIZE_WITHOUT_PICTURE, "#202020")


def _with_text(picture: "Image.Image", text: str) -> bytes:
    """The picture as JPEG, with the text in a red box in its middle."""
    from PIL import ImageDraw, ImageFont

    width, height = picture.size
    font = ImageFont.load_default(max(10, min(height, width) / LINES_HIGH))
    pen = ImageDraw.Draw(picture)
    block = "\n".join(_wrapped(text, lambda line: pen.textlength(line, font), width * 0.9))
    left, top, right, bottom = pen.multiline_textbbox((width / 2, height / 2), block, font, anchor="mm", align="center")
    pad = height / 40
    pen.rectangle((left - pad, top - pad, right + pad, bottom + pad), "#a01818")
    pen.multiline_text((width / 2, height / 2), block, "white", font, anchor="mm", align="center")
    return save_jpeg(picture, quality=QUALITY)


def _wrapped(text: str, width_of: Callable[[str], float], most: float) -> list[str]:
    """Break a text between words into lines that fit."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
