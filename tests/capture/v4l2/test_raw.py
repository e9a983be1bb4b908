"""Uncompressed frames are turned into JPEG with the right colours, whatever their layout."""

import io

import pytest
from PIL import Image

from capture.v4l2.raw import FORMATS, RGB, WEIGHTS, Layout
from framebus.config.size import Size

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


def encoded(
    data: bytes, quality: int, *, size: Size, bytes_per_line: int, full_range: bool, fourcc: str = "YUYV"
) -> bytes:
    return Layout(fourcc, size, bytes_per_line, full_range).encode(data, quality)


def laid_out(fourcc: str, picture: list[list[tuple[int, int, int]]]) -> bytes:
    """The bytes of a picture, given as rows of Y, U and V, in any layout; each two by two pixels have one colour."""
    luma = bytes(pixel[0] for row in picture for pixel in row)
    chroma = [[row[x][1:] for x in range(0, len(row), 2)] for row in picture[::2]]
    match fourcc:
        case "GREY":
            return luma
        case "NV12":
            return luma + bytes(value for row in chroma for pair in row for value in pair)
        case "YU12":
            return (
                luma
                + bytes(pair[0] for row in chroma for pair in row)
                + bytes(pair[1] for row in chroma for pair in row)
            )
        case "NV16" | "NV61" | "422P":
            rows = [[row[x][1:] for x in range(0, len(row), 2)] for row in picture]
            if fourcc == "422P":
                blue, red = (bytes(pair[band] for row in rows for pair in row) for band in (0, 1))
                return luma + blue + red
            return luma + bytes(
                value for row in rows for pair in row for value in pair[:: 1 if fourcc == "NV16" else -1]
            )
        case "NV24" | "NV42":
            step = 1 if fourcc == "NV24" else -1
            return luma + bytes(value for row in picture for pixel in row for value in pixel[1:][::step])
        case "NV21":
            return luma + bytes(value for row in chroma for pair in row for value in reversed(pair))
        case "YV12":
            blue, red = (bytes(pair[band] for row in chroma for pair in row) for band in (0, 1))
            return luma + red + blue
        case "RGB3" | "BGR3" | "XR24" | "AR24" | "BGR4" | "RGB4":
            names = {values: colour for colour, values in LIMITED.items()}
            colours = [names[pixel] for row in picture for pixel in row]
            order = {"RGB3": (0, 1, 2), "BGR3": (2, 1, 0), "RGB4": (3, 0, 1, 2)}.get(fourcc, (2, 1, 0, 3))
            return bytes((*rgb, 99)[band] for rgb in colours for band in order)
    packed = bytearray()
    for row in picture:
        for left, right in zip(row[::2], row[1::2], strict=True):
            named = {"Y": iter((left[0], right[0])), "U": iter((left[1],)), "V": iter((left[2],))}
            packed += bytes(next(named[letter]) for letter in fourcc)
    return bytes(packed)


def is_near(found: object, wanted: tuple[int, ...]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= TOLERANCE for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("colour", "values"), LIMITED.items())
def test_colours_of_a_limited_range(colour: tuple[int, ...], values: tuple[int, int, int]) -> None:
    picture = decoded(encoded(line_of(values, 64) * 16, 90, bytes_per_line=128, full_range=False, size=SIZE))
    assert picture.size == (64, 16)
    assert is_near(picture.getpixel((32, 8)), colour)


@pytest.mark.parametrize(("colour", "values"), FULL.items())
def test_colours_of_the_full_range(colour: tuple[int, ...], values: tuple[int, int, int]) -> None:
    assert is_near(
        decoded(encoded(line_of(values, 64) * 16, 90, bytes_per_line=128, full_range=True, size=SIZE)).getpixel(
            (32, 8)
        ),
        colour,
    )


def test_everything_is_where_it_was() -> None:
    """Quarters of the picture in four colours; a mistake in line or pixel arithmetic would move or mix them."""
    red, green, blue, white = (LIMITED[c] for c in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)))
    data = (line_of(red, 32) + line_of(green, 32)) * 16 + (line_of(blue, 32) + line_of(white, 32)) * 16
    picture = decoded(encoded(data, 95, bytes_per_line=128, full_range=False, size=Size(64, 32)))
    assert is_near(picture.getpixel((8, 8)), (255, 0, 0))
    assert is_near(picture.getpixel((56, 8)), (0, 255, 0))
    assert is_near(picture.getpixel((8, 24)), (0, 0, 255))
    assert is_near(picture.getpixel((56, 24)), (255, 255, 255))


def test_two_pixels_of_a_pair_have_a_brightness_each() -> None:
    data = bytes((16, 128, 235, 128)) * 32 * 16
    picture = decoded(encoded(data, 100, bytes_per_line=128, full_range=False, size=SIZE))
    assert is_near(picture.getpixel((32, 8)), (0, 0, 0))
    assert is_near(picture.getpixel((33, 8)), (255, 255, 255))


def test_the_padding_of_lines_is_left_out() -> None:
    padded = (line_of(LIMITED[255, 0, 0], 64) + b"\xff" * 32) * 16
    picture = decoded(encoded(padded, 90, bytes_per_line=160, full_range=False, size=SIZE))
    assert picture.size == (64, 16)
    assert {is_near(picture.getpixel((x, y)), (255, 0, 0)) for x in (0, 32, 63) for y in (0, 8, 15)} == {True}


def test_a_driver_that_does_not_tell_its_bytes_per_line() -> None:
    data = line_of(LIMITED[0, 0, 255], 64) * 16
    assert encoded(data, 90, bytes_per_line=0, full_range=False, size=SIZE) == encoded(
        data, 90, bytes_per_line=128, full_range=False, size=SIZE
    )


def test_more_bytes_than_a_frame_has_do_no_harm() -> None:
    data = line_of(LIMITED[0, 0, 255], 64) * 16
    assert encoded(data + b"rest", 90, bytes_per_line=128, full_range=False, size=SIZE) == encoded(
        data, 90, bytes_per_line=128, full_range=False, size=SIZE
    )


def test_a_frame_that_is_cut_off() -> None:
    with pytest.raises(ValueError, match=r"^2047 bytes, expected 2048 of a 64x16 YUYV frame$"):
        encoded(bytes(2047), 90, bytes_per_line=128, full_range=False, size=SIZE)


def test_quality_counts() -> None:
    data = bytes(range(256)) * 8
    assert len(encoded(data, 95, bytes_per_line=128, full_range=False, size=SIZE)) > len(
        encoded(data, 20, bytes_per_line=128, full_range=False, size=SIZE)
    )


QUARTERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))


@pytest.mark.parametrize("fourcc", FORMATS)
def test_every_layout_shows_the_same_picture(fourcc: str) -> None:
    red, green, blue, yellow = (LIMITED[colour] for colour in QUARTERS)
    rows = [[red] * 32 + [green] * 32] * 16 + [[blue] * 32 + [yellow] * 32] * 16
    layout = Layout(fourcc, Size(64, 32), 0, full_range=fourcc in RGB)
    data = laid_out(fourcc, rows)
    assert layout.frame_bytes == len(data)
    picture = decoded(layout.encode(data, 95))
    for colour, place in zip(QUARTERS, ((8, 8), (56, 8), (8, 24), (56, 24)), strict=True):
        if fourcc == "GREY":
            brightness = (LIMITED[colour][0] - 16) * 255 // 219
            assert is_near(picture.getpixel(place), (brightness,) * 3)
        else:
            assert is_near(picture.getpixel(place), colour)


@pytest.mark.parametrize(
    ("fourcc", "line", "expected"), [("NV12", 80, 80 * 16 * 3 // 2), ("YU12", 0, 64 * 24), ("GREY", 80, 80 * 16)]
)
def test_a_frame_has_its_planes_and_their_padding(fourcc: str, line: int, expected: int) -> None:
    layout = Layout(fourcc, SIZE, line, full_range=True)
    assert layout.frame_bytes == expected
    assert decoded(layout.encode(bytes([128]) * expected, 90)).size == (64, 16)
    with pytest.raises(ValueError, match=rf"^{expected - 1} bytes, expected {expected} of a 64x16 {fourcc} frame$"):
        layout.encode(bytes(expected - 1), 90)


def test_rgb_of_a_limited_range() -> None:
    picture = decoded(Layout("BGR3", SIZE, 0, full_range=False).encode(bytes((16, 16, 235)) * 64 * 16, 95))
    assert is_near(picture.getpixel((32, 8)), (255, 0, 0))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("encoding", WEIGHTS)
@pytest.mark.parametrize("colour", LIMITED)
def test_colours_of_each_encoding(colour: tuple[int, int, int], encoding: str, full_range: bool) -> None:
    """Computed here as the recommendations have it: luma from the weights, chroma as scaled differences from it."""
    weight_red, weight_blue = WEIGHTS[encoding]
    red, green, blue = (value / 255 for value in colour)
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    chroma = ((blue - luma) / (2 - 2 * weight_blue), (red - luma) / (2 - 2 * weight_red))
    base, scale, chroma_scale = (0, 255, 255) if full_range else (16, 219, 224)
    values = [round(base + scale * luma), *(min(255, round(128 + chroma_scale * value)) for value in chroma)]
    data = line_of((values[0], values[1], values[2]), 64) * 16
    picture = decoded(Layout("YUYV", SIZE, 0, full_range=full_range, encoding=encoding).encode(data, 95))
    assert is_near(picture.getpixel((32, 8)), colour)
