"""Boxes as the sensor has them and as they are shown, for each orientation; and the pixels that count."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from recorder.motion.zones import Box, counting, sensed, shown

BOX = (0.0, 0.0, 0.25, 0.5)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_where_viewers_show_it(orientation: int) -> None:
    """Pillow turns a picture by its orientation as a browser does."""
    picture = Image.new("L", (80, 40))
    picture.paste(255, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.getexif()[0x0112] = orientation

    turned = ImageOps.exif_transpose(picture)

    assert turned is not None
    found = turned.getbbox()
    assert found is not None
    width, height = turned.size
    assert shown(BOX, orientation) == (found[0] / width, found[1] / height, found[2] / width, found[3] / height)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_back_and_forth_is_the_same(orientation: int) -> None:
    box: Box = (0.125, 0.25, 0.5, 1.0)

    assert sensed(shown(box, orientation), orientation) == box


def test_without_zones_every_pixel_counts() -> None:
    assert counting((9, 16), 1, [], []).all()


def test_zones_count_and_ignored_ones_do_not() -> None:
    counts = counting((10, 20), 1, [[0, 0.5, 1, 1]], [[0.5, 0, 1, 0.7]])

    expected = np.zeros((10, 20), bool)
    expected[5:] = True
    expected[:7, 10:] = False
    assert (counts == expected).all()


def test_a_zone_is_that_of_the_picture_as_it_is_shown() -> None:
    """A camera on its side: what is shown on the right is at the top of the sensor's picture."""
    counts = counting((10, 20), 6, [[0.8, 0, 1, 1]], [])

    expected = np.zeros((10, 20), bool)
    expected[:2] = True
    assert (counts == expected).all()


def test_a_zone_smaller_than_a_pixel_is_a_pixel() -> None:
    assert counting((10, 20), 1, [[0.5, 0.5, 0.501, 0.501]], []).sum() == 1
