"""EXIF orientations, held against what Pillow makes of pictures."""

import pytest
from PIL import Image, ImageOps

from capture.orientation import Flips, for_camera, mirrored


def seen(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture as a viewer shows it that goes by the tag."""
    tagged = picture.copy()
    tagged.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(tagged)


PICTURE = Image.frombytes("L", (3, 2), bytes(range(6)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("vflip", [False, True])
def test_a_picture_is_turned_first_and_then_mirrored_as_it_is_seen(orientation: int, hflip: bool, vflip: bool) -> None:
    expected = seen(PICTURE, orientation)
    expected = ImageOps.mirror(expected) if hflip else expected
    expected = ImageOps.flip(expected) if vflip else expected
    found = seen(PICTURE, mirrored(orientation, hflip=hflip, vflip=vflip))
    assert (found.size, found.tobytes()) == (expected.size, expected.tobytes())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_a_camera_mirrors_and_what_is_left_add_up(orientation: int) -> None:
    flips = for_camera(orientation)
    assert mirrored(flips.orientation, hflip=flips.hflip, vflip=flips.vflip) == orientation


def test_a_half_turn_is_the_cameras_and_a_quarter_turn_the_viewers() -> None:
    assert for_camera(3) == Flips(True, True, 1)
    assert for_camera(6) == Flips(False, False, 6)
