"""The picture that tells MJPEG viewers the truth while a camera is away: its last one, dimmed, and in words why.

Pure, and slow: called in a thread. When it is shown is gateway.cameras.feed's part.
"""

import io
from collections.abc import Callable
from datetime import datetime

DIMMED = 0.35
"""How much of the last picture's light is left: enough to know the place, too little to pass for now."""
QUALITY = 70
LINES_HIGH = 14
"""A line of text takes this part of the picture's height."""
SIZE_WITHOUT_PICTURE = (640, 360)
MAX_LETTERS = 160


def sentence(since: float, reason: str) -> str:
    """What stands in the picture; `since` is in Unix seconds."""
    return f"OFFLINE since {datetime.fromtimestamp(since):%H:%M:%S}: {reason}"[:MAX_LETTERS]


def draw(jpeg: bytes | None, text: str) -> bytes:
    """A JPEG of the text over a picture, upright; over nothing where there is none, or none that can be read."""
    from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps  # only here: 10 MB that nobody may ever need

    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg or b""))).convert("RGB")
        picture = ImageEnhance.Brightness(ImageOps.grayscale(picture).convert("RGB")).enhance(DIMMED)
    except (OSError, ValueError):
        picture = Image.new("RGB", SIZE_WITHOUT_PICTURE, "#202020")
    width, height = picture.size
    font = ImageFont.load_default(max(10, min(height, width) / LINES_HIGH))
    pen = ImageDraw.Draw(picture)
    lines = _wrapped(text, lambda line: pen.textlength(line, font), width * 0.9)
    block = "\n".join(lines)
    left, top, right, bottom = pen.multiline_textbbox((width / 2, height / 2), block, font, anchor="mm", align="center")
    pad = height / 40
    pen.rectangle((left - pad, top - pad, right + pad, bottom + pad), "#a01818")
    pen.multiline_text((width / 2, height / 2), block, "white", font, anchor="mm", align="center")
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()


def _wrapped(text: str, width_of: Callable[[str], float], most: float) -> list[str]:
    """The text in lines that fit, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
