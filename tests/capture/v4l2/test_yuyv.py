"""YUYV is turned into JPEG with the right colours."""

import io

import pytest
from PIL import Image

from capture.v4l2 import yuyv
from framebus.config import Size

SIZE = Size(64, 16)

# Y, U, V of the 100 % bars: ITU-R BT.601 in 8 bits, black at 16 and white at 235; and as JFIF has them, from 0 to 255.
LIMITED = {
    (255, 255, 255): (235, 128, 128),
    (255, 255, 0): (210, 16, 146),
    (0, 255, 0): (145, 54, 34),
    (255, 0, 0): (81, 90, 240),
    (0, 0, 255): (41, 240, 110),
    (0, 0, 0): (16, 128, 128),
}
FULL = {
    (255, 255, 255): (255, 128, 128),
    (255, 255, 0): (226, 1, 149),
    (0, 255, 0): (150, 44, 21),
    (255, 0, 0): (76, 85, 255),
    (0, 0, 255): (29, 255, 107),
    (0, 0, 0): (0, 128, 128),
}
TOLERANCE = 6


def line_of(colours: tuple[int, int, int], width: int) -> bytes:
    y, u, v = colours
    return bytes((y, u, y, v)) * (width // 2)


def decoded(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return picture.convert("RGB")


def is_near(found: object, wanted: tuple[int, ...]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= TOLERANCE for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("colour", "values"), LIMITED.items())
def test_colours_of_a_limited_range(colour: tuple[int, ...], values: tuple[int, int, int]) -> None:
    picture = decoded(yuyv.encode(line_of(values, 64) * 16, SIZE, 128, False, 90))
    assert picture.size == (64, 16)
    assert is_near(picture.getpixel((32, 8)), colour)


@pytest.mark.parametrize(("colour", "values"), FULL.items())
def test_colours_of_the_full_range(colour: tuple[int, ...], values: tuple[int, int, int]) -> None:
    assert is_near(decoded(yuyv.encode(line_of(values, 64) * 16, SIZE, 128, True, 90)).getpixel((32, 8)), colour)


def test_everything_is_where_it_was() -> None:
    """Quarters of the picture in four colours; a mistake in line or pixel arithmetic would move or mix them."""
    red, green, blue, white = (LIMITED[c] for c in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)))
    data = (line_of(red, 32) + line_of(green, 32)) * 16 + (line_of(blue, 32) + line_of(white, 32)) * 16
    picture = decoded(yuyv.encode(data, Size(64, 32), 128, False, 95))
    assert is_near(picture.getpixel((8, 8)), (255, 0, 0))
    assert is_near(picture.getpixel((56, 8)), (0, 255, 0))
    assert is_near(picture.getpixel((8, 24)), (0, 0, 255))
    assert is_near(picture.getpixel((56, 24)), (255, 255, 255))


def test_two_pixels_of_a_pair_have_a_brightness_each() -> None:
    data = bytes((16, 128, 235, 128)) * 32 * 16
    picture = decoded(yuyv.encode(data, SIZE, 128, False, 100))
    assert is_near(picture.getpixel((32, 8)), (0, 0, 0))
    assert is_near(picture.getpixel((33, 8)), (255, 255, 255))


def test_the_padding_of_lines_is_left_out() -> None:
    padded = (line_of(LIMITED[255, 0, 0], 64) + b"\xff" * 32) * 16
    picture = decoded(yuyv.encode(padded, SIZE, 160, False, 90))
    assert picture.size == (64, 16)
    assert {is_near(picture.getpixel((x, y)), (255, 0, 0)) for x in (0, 32, 63) for y in (0, 8, 15)} == {True}


def test_a_driver_that_does_not_tell_its_bytes_per_line() -> None:
    data = line_of(LIMITED[0, 0, 255], 64) * 16
    assert yuyv.encode(data, SIZE, 0, False, 90) == yuyv.encode(data, SIZE, 128, False, 90)


def test_more_bytes_than_a_frame_has_do_no_harm() -> None:
    data = line_of(LIMITED[0, 0, 255], 64) * 16
    assert yuyv.encode(data + b"rest", SIZE, 128, False, 90) == yuyv.encode(data, SIZE, 128, False, 90)


def test_a_frame_that_is_cut_off() -> None:
    with pytest.raises(ValueError, match=r"^2047 bytes, expected 2048 of a 64x16 YUYV frame$"):
        yuyv.encode(bytes(2047), SIZE, 128, False, 90)


def test_quality_counts() -> None:
    data = bytes(range(256)) * 8
    assert len(yuyv.encode(data, SIZE, 128, False, 95)) > len(yuyv.encode(data, SIZE, 128, False, 20))
