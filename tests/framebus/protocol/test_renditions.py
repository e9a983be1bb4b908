"""Sizes of renditions, and which one suffices for a width."""

import pytest

from framebus.protocol.renditions import Rendition, rendition_size, smallest_rendition


@pytest.mark.parametrize(
    ("size", "half", "quarter"),
    [
        ((1280, 720), (640, 360), (320, 180)),
        ((1281, 719), (641, 360), (321, 180)),
        ((5, 3), (3, 2), (2, 1)),
        ((1, 1), (1, 1), (1, 1)),
        ((65535, 65535), (32768, 32768), (16384, 16384)),
    ],
)
def test_a_size_is_divided_and_rounded_up(
    size: tuple[int, int], half: tuple[int, int], quarter: tuple[int, int]
) -> None:
    assert rendition_size(*size, "half") == half
    assert rendition_size(*size, "quarter") == quarter


@pytest.mark.parametrize(
    ("wanted", "orientation", "expected"),
    [
        (1, 1, "quarter"),
        (320, 1, "quarter"),
        (320.5, 1, "half"),
        (321, 1, "half"),
        (640, 1, "half"),
        (641, 1, None),
        (1280, 1, None),
        (4000, 1, None),
        (180, 6, "quarter"),  # turned by 90 degrees, it is seen 720 pixels wide
        (181, 5, "half"),
        (361, 8, None),
        (320, 4, "quarter"),
    ],
)
def test_the_smallest_that_is_wide_enough(wanted: float, orientation: int, expected: Rendition | None) -> None:
    assert smallest_rendition(wanted, 1280, 720, orientation) == expected
