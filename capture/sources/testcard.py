"""A test card with colour bars, a clock and a moving ball, for trying framebus without a camera."""

import io
import math
import time
from collections.abc import Callable
from datetime import datetime

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from capture.rate_control import RateControl
from capture.source import READ_LIMIT_SECONDS, Source
from framebus.config.size import Size
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture

BARS = ("#b4b4b4", "#b4b410", "#10b4b4", "#10b410", "#b410b4", "#b41010", "#1010b4")
"""The 75 % bars of SMPTE EG 1, from left to right."""
ROUND_SECONDS = 4.0
"""What the ball takes from one side to the other and back."""

MOVING = ((0.22, 0.34), (0.66, 0.95))
"""From where to where, in parts of the height, a frame differs from the one before: the ball, and the lines of text."""


class TestCardSource(Source):
    """Draws the camera's name, the frame's number and the wall clock with milliseconds into each frame."""

    __test__ = False  # not a test case, whatever pytest thinks of its name

    def __init__(
        self,
        camera: str,
        size: Size,
        quality: int,
        now: Callable[[], float] = time.time,
        still_size: Size | None = None,
    ) -> None:
        self._camera = camera
        self._size = size
        self._still_size = still_size or size
        self.has_stills = self._still_size != size
        self._quality = quality
        self._now = now
        self._brightness = 0.0
        self._card: Image.Image | None = None
        """The newest frame. The next one is drawn over it: an image of 1280x720 takes 3.7 MB."""
        self._clean: list[tuple[Image.Image, tuple[int, int]]] = []
        """The parts of the card that move, without what moves, and where they are."""

    @property
    def name(self) -> str:
        """There is only one."""
        return "testcard"

    def open(self) -> None:
        """Draw once what stays the same."""
        width, height = self._size.width, self._size.height
        card = Image.new("RGB", (width, height), "#181818")
        draw = ImageDraw.Draw(card)
        for column, colour in enumerate(BARS):
            left, right = width * column // len(BARS), width * (column + 1) // len(BARS)
            draw.rectangle((left, 0, right - 1, height * 5 // 9), colour)
        font = self._font(14, letters=len(self._camera))
        draw.text((width // 2, height * 62 // 100), self._camera, "white", font, anchor="mm")
        if self._brightness:
            card = ImageEnhance.Brightness(card).enhance(1 + self._brightness)
        self._card = card
        self._clean = [
            (card.crop((0, int(height * top), width, math.ceil(height * bottom))), (0, int(height * top)))
            for top, bottom in MOVING
        ]

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a frame is wanted, and draw it."""
        if not rate_control.wait(READ_LIMIT_SECONDS):
            return None
        captured, monotonic = self._now(), time.monotonic()
        rate_control.taken(own_clock=False)
        return Picture(self._encoded(self._drawn(seq, captured)), captured, monotonic)

    def still(self, seq: int) -> Picture | None:
        """A card of its own, drawn for once."""
        large = TestCardSource(self._camera, self._still_size, self._quality, self._now)
        large.open()
        captured, monotonic = self._now(), time.monotonic()
        return Picture(self._encoded(large._drawn(seq, captured)), captured, monotonic)

    def controls(self) -> list[Control]:
        """One, to try controls with."""
        return [Control(name="brightness", type="float", value=self._brightness, default=0.0, min=-1, max=1)]

    def set_controls(self, values: dict[str, Value]) -> None:
        """Draw the card again, darker or brighter."""
        self._brightness = float(values["brightness"])  # type: ignore[arg-type]  # checked: it is a number
        self.open()

    def close(self) -> None:
        """Discard the picture."""
        self._card = None
        self._clean = []

    def _drawn(self, seq: int, captured: float) -> Image.Image:
        assert self._card is not None  # opened before it is read
        width, height = self._size.width, self._size.height
        picture = self._card
        for clean, corner in self._clean:
            picture.paste(clean, corner)
        draw = ImageDraw.Draw(picture)
        clock = datetime.fromtimestamp(captured)
        draw.text(
            (width // 2, height * 76 // 100), f"{clock:%H:%M:%S}.{clock:%f}"[:-3], "white", self._font(7), anchor="mm"
        )
        font = self._font(12, letters=16)  # digits are narrow: 26 of them take no more
        draw.text((width // 2, height * 88 // 100), f"{clock:%Y-%m-%d}  #{seq}", "#c0c0c0", font, anchor="mm")
        radius = height / 24
        swing = (1 - math.cos(captured % ROUND_SECONDS * math.tau / ROUND_SECONDS)) / 2
        x, y = radius + swing * (width - 2 * radius), height * 5 / 18
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), "white", "black")
        return picture

    def _encoded(self, picture: Image.Image) -> bytes:
        jpeg = io.BytesIO()
        picture.save(jpeg, "JPEG", quality=self._quality)
        return jpeg.getvalue()

    def _font(self, part: int, letters: int = 12) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """The built-in font, a given part of the picture high, but so small that the letters fit: none is wider than
        it is high. One pixel is the least that FreeType takes.
        """
        return ImageFont.load_default(max(1, min(self._size.height / part, self._size.width / max(letters, 12))))
