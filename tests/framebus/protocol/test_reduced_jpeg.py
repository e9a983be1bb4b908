"""A JPEG at reduced scale has the size that libjpeg gives it, and nothing of what lies behind its edge."""

import io

import pytest
from PIL import Image

from framebus.protocol.reduced_jpeg import decode_reduced
from tests.capture.jpegs import jpeg
from tests.padded_jpeg import SUBSAMPLINGS, green, padded

SIZES = [(64, 64), (65, 65), (66, 66), (67, 70), (68, 68), (854, 482), (9, 5), (3, 70)]


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


@pytest.mark.parametrize("divisor", [1, 2, 4, 8])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES)
def test_what_lies_behind_the_edge_is_not_seen(size: tuple[int, int], subsampling: str, divisor: int) -> None:
    for padding in ((0, 200, 0), (255, 255, 255)):
        source = padded(size, subsampling, padding)
        full = green(opened(source))[1]  # the chroma of the full size may show a trace, too
        least = max(1, size[0] // divisor), max(1, size[1] // divisor)
        low, high = green(decode_reduced(opened(source), least).image)
        assert low >= 110
        assert high <= max(130, full)


@pytest.mark.parametrize(
    ("least", "divisor"),
    [((640, 360), 1), ((321, 10), 1), ((320, 180), 2), ((200, 10), 2), ((160, 90), 4), ((80, 45), 8), ((1, 1), 8)],
)
def test_the_scale_is_the_smallest_that_is_large_enough(least: tuple[int, int], divisor: int) -> None:
    reduced = decode_reduced(opened(jpeg((640, 360))), least)
    assert reduced.divisor == divisor
    assert reduced.image.size == (640 // divisor, 360 // divisor)


@pytest.mark.parametrize("size", SIZES)
def test_the_size_is_rounded_up_and_the_exact_one_is_known(size: tuple[int, int]) -> None:
    reduced = decode_reduced(opened(jpeg(size)), (1, 1))
    assert reduced.image.size == (-(-size[0] // reduced.divisor), -(-size[1] // reduced.divisor))
    assert reduced.exact_size == (size[0] / reduced.divisor, size[1] / reduced.divisor)


def test_the_mode_is_what_is_asked_for() -> None:
    for mode in ("L", "YCbCr", "RGB"):
        assert decode_reduced(opened(jpeg((64, 48))), (32, 24), mode).image.mode == mode
    assert decode_reduced(opened(jpeg((64, 48))), (32, 24)).image.mode == "RGB"
    for mode in ("L", "YCbCr"):
        assert decode_reduced(opened(jpeg((3, 70))), (1, 1), mode).image.mode == mode


def test_the_last_column_and_row_that_are_not_mixed_are_repeated() -> None:
    with io.BytesIO() as file:
        Image.effect_noise((70, 66), 100).convert("RGB").save(file, "JPEG", subsampling=2)
        picture = file.getvalue()
    reduced = decode_reduced(opened(picture), (17, 16)).image
    assert reduced.size == (18, 17)
    column, row = reduced.crop((15, 0, 16, 17)), reduced.crop((0, 14, 18, 15))
    assert [reduced.crop((left, 0, left + 1, 17)).tobytes() == column.tobytes() for left in (16, 17)] == [True, True]
    assert [reduced.crop((0, top, 18, top + 1)).tobytes() == row.tobytes() for top in (15, 16)] == [True, True]
