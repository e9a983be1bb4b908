"""Drawn views of a house, published as cameras: what the screenshots of the docs show."""

import io
import time
from collections.abc import Callable

from PIL import Image, ImageDraw

from framebus import Publisher

Colour = tuple[int, int, int]
Draw = Callable[[ImageDraw.ImageDraw, int, int], None]
JPEG_QUALITY = 92
FPS = 5.0


def _house(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    left, right, top, base = width * 0.3, width * 0.72, height * 0.36, height * 0.72
    draw.polygon([(left - 40, top), ((left + right) / 2, height * 0.14), (right + 40, top)], (92, 58, 48))
    draw.rectangle((left, top, right, base), (214, 196, 168))
    draw.rectangle((width * 0.47, height * 0.5, width * 0.55, base), (70, 92, 110))
    for x in (0.35, 0.6):
        draw.rectangle((width * x, height * 0.45, width * (x + 0.07), height * 0.57), (244, 222, 150))
    draw.polygon(
        [(width * 0.46, base), (width * 0.56, base), (width * 0.7, height), (width * 0.36, height)], (168, 160, 150)
    )


def _garden(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    draw.rectangle((0, height * 0.44, width, height * 0.5), (120, 86, 60))
    for number, x in enumerate((0.08, 0.27, 0.52, 0.83)):
        size = (0.2, 0.27, 0.18, 0.3)[number] * height
        draw.rectangle((width * x - 6, height * 0.45, width * x + 6, height * 0.66), (84, 58, 40))
        box = (width * x - size / 2, height * 0.5 - size, width * x + size / 2, height * 0.52)
        draw.ellipse(box, (46 + 12 * number, 98 + 8 * number, 50))
    draw.ellipse((width * 0.36, height * 0.7, width * 0.66, height * 0.86), (92, 138, 170))


def _drive(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    draw.polygon(
        [(width * 0.32, height * 0.5), (width * 0.6, height * 0.5), (width, height), (0, height)], (104, 106, 112)
    )
    draw.rounded_rectangle((width * 0.38, height * 0.5, width * 0.64, height * 0.74), 18, (166, 52, 46))
    draw.rounded_rectangle((width * 0.42, height * 0.4, width * 0.6, height * 0.56), 14, (60, 72, 84))
    for x in (0.42, 0.6):
        draw.ellipse((width * x - 22, height * 0.7, width * x + 22, height * 0.7 + 44), (28, 28, 32))


def _printer(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    draw.rectangle((width * 0.18, height * 0.12, width * 0.82, height * 0.86), None, (58, 62, 70), 22)
    draw.rectangle((width * 0.24, height * 0.74, width * 0.76, height * 0.78), (200, 204, 210))
    for layer in range(14):
        inset = width * (0.36 + 0.006 * (layer % 7))
        y = height * (0.74 - 0.02 * layer)
        draw.rectangle((inset, y - height * 0.018, width - inset, y), (236, 128 - 3 * layer, 40))
    draw.polygon(
        [(width * 0.46, height * 0.38), (width * 0.54, height * 0.38), (width * 0.5, height * 0.45)], (180, 182, 188)
    )


def _hall(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    middle = (width * 0.3, height * 0.3, width * 0.7, height * 0.62)
    for corner in ((0, 0), (width, 0), (0, height), (width, height)):
        inner = (middle[0] if corner[0] == 0 else middle[2], middle[1] if corner[1] == 0 else middle[3])
        draw.line((*corner, *inner), (150, 140, 126), 4)
    draw.rectangle(middle, (208, 198, 182))
    draw.rectangle((width * 0.42, height * 0.38, width * 0.58, height * 0.62), (122, 84, 56))


SCENES: dict[str, tuple[tuple[int, int], Colour, Colour, Colour, Draw]] = {
    "front": ((1280, 720), (126, 170, 214), (226, 214, 196), (112, 140, 84), _house),
    "garden": ((1280, 720), (150, 190, 224), (232, 226, 206), (104, 152, 76), _garden),
    "drive": ((1280, 720), (196, 150, 120), (238, 206, 160), (96, 104, 82), _drive),
    "printer": ((640, 480), (38, 42, 50), (64, 68, 78), (52, 54, 60), _printer),
    "hall": ((480, 640), (186, 176, 160), (200, 192, 178), (132, 104, 78), _hall),
    "back": ((1280, 720), (96, 120, 160), (200, 180, 170), (72, 104, 70), _garden),
    "street": ((1280, 720), (140, 160, 178), (214, 214, 210), (120, 124, 120), _drive),
}
"""Each camera's size, colours of the sky above, the sky below and the ground, and what stands there."""


def picture(name: str, step: int) -> bytes:
    """One picture of a camera as a JPEG; each differs by a pixel from the one before."""
    (width, height), above, below, ground, draw = SCENES[name]
    image = Image.new("RGB", (1, 256))
    for y in range(256):
        red, green, blue = (round(one + (other - one) * y / 255) for one, other in zip(above, below, strict=True))
        image.putpixel((0, y), (red, green, blue))
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height * 0.62, width, height), ground)
    draw(pen, width, height)
    pen.point((step, 0), (255, 255, 255))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def main() -> None:
    """Publish every scene until this process is ended."""
    pictures = {name: [picture(name, step) for step in range(3)] for name in SCENES}
    publishers = {name: Publisher(name) for name in SCENES}
    count = 0
    while True:
        for name, publisher in publishers.items():
            publisher.publish(pictures[name][count % 3])
        count += 1
        time.sleep(1 / FPS)


if __name__ == "__main__":
    main()
