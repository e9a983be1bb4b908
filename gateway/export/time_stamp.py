"""Draws the time of each picture into a film, as the page draws it into stills: white on dark, at the lower left."""

from datetime import datetime, tzinfo

from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFont

TEXT_HEIGHT = 1 / 28
"""Of the shorter side of the picture, as in gateway/static/camera/timestamp.js."""
SMALLEST_TEXT_PX = 10
WHITE, DARK, COLOURLESS = 235, 24, 128
"""Levels of brightness, and the one of both colours that is grey, in video (ITU-R BT.601)."""


class TimeStamp:
    """The time in one zone. A text is drawn once for all pictures of a second."""

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is where the film will be watched."""
        self._zone = zone
        self._drawn: tuple[str, int, int] = "", 0, 0
        self._box = Image.new("L", (0, 0))

    def draw(self, picture: VideoFrame, at: float) -> None:
        """Draw a moment, in Unix seconds, into a picture of the format yuv420p."""
        text = f"{datetime.fromtimestamp(int(at), self._zone):%Y-%m-%d %H:%M:%S}"
        wanted = text, picture.width, picture.height
        if wanted != self._drawn:
            self._box, self._drawn = box_of(text, picture.width, picture.height), wanted
        width, height = self._box.size
        margin = margin_of(picture.width, picture.height)
        left, top = margin, picture.height // 2 * 2 - margin - height
        fill(picture, 0, left, top, self._box)
        colourless = Image.new("L", (width // 2, height // 2), COLOURLESS)
        for plane in (1, 2):
            fill(picture, plane, left // 2, top // 2, colourless)


def box_of(text: str, width: int, height: int) -> Image.Image:
    """The text on its ground, for a picture of this size: of even sides, and not larger than the picture."""
    size = text_px(width, height)
    font = ImageFont.load_default(size)
    across = int(font.getlength(text)) + size
    most_across, most_down = width - 2 * margin_of(width, height), height - 2 * margin_of(width, height)
    box = Image.new("L", (even(min(across, most_across)), even(min(round(size * 1.5), most_down))), DARK)
    ImageDraw.Draw(box).text((size / 2, box.height / 2), text, WHITE, font, anchor="lm")
    return box


def fill(picture: VideoFrame, plane: int, left: int, top: int, box: Image.Image) -> None:
    """Copy a box into a plane of a picture."""
    target = picture.planes[plane]
    rows, levels = memoryview(target).cast("B"), box.tobytes()
    for row in range(box.height):
        begin = (top + row) * target.line_size + left
        rows[begin : begin + box.width] = levels[row * box.width : (row + 1) * box.width]


def text_px(width: int, height: int) -> int:
    """The height of the text."""
    return max(SMALLEST_TEXT_PX, round(min(width, height) * TEXT_HEIGHT))


def margin_of(width: int, height: int) -> int:
    """From the edge of the picture to the box; even, as colours have half the resolution."""
    return even(min(round(text_px(width, height) * 0.4), min(width, height) // 4))


def even(number: int) -> int:
    """The even number at or below."""
    return max(0, number // 2 * 2)
