"""Frames in which something walks, for the tests of motion detection."""

import io
from functools import cache

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 360


class Noise:
    """Of a sensor: another one in each picture, and the same ones in each test."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Be as at the beginning of a test."""
        self._random = np.random.default_rng(11)

    def picture(self, height: int, width: int) -> "np.typing.NDArray[np.float64]":
        """The noise of the next picture, in grey levels."""
        return self._random.normal(0, 1, (height, width))


NOISE = Noise()


@cache
def background() -> "np.typing.NDArray[np.uint8]":
    """A place with some texture, the same every time."""
    rough = np.random.default_rng(7).normal(120, 12, (36, 64)).clip(0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(rough).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def picture(left: float | None) -> "np.typing.NDArray[np.uint8]":
    """The place, with somebody whose left side is at this fraction of the width; None for nobody."""
    grey = background().copy()
    if left is not None:
        x = round(left * WIDTH)
        grey[150:290, max(0, x) : max(0, x + 44)] = 45
        grey[130:150, max(0, x + 12) : max(0, x + 32)] = 170
    return grey


def jpeg(left: float | None, orientation: int = 1) -> bytes:
    """The same as a JPEG."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    with io.BytesIO() as file:
        Image.fromarray(picture(left)).save(file, "JPEG", quality=85, exif=exif if orientation != 1 else b"")
        return file.getvalue()
