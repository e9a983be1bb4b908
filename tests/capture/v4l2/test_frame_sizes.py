"""Which of the offered formats, sizes and rates is taken."""

from typing import Any

import pytest

from capture.v4l2 import frame_sizes
from capture.v4l2.frame_sizes import Offer, best, nearest
from framebus.config.size import Size

HD, FULL_HD, VGA = Size(1280, 720), Size(1920, 1080), Size(640, 480)


@pytest.mark.parametrize(
    ("found", "wanted", "size"),
    [
        ([VGA, HD, FULL_HD], HD, HD),
        ([VGA, FULL_HD], HD, FULL_HD),
        ([Size(320, 240), VGA], FULL_HD, VGA),
        ([FULL_HD, VGA], Size(320, 240), VGA),
        ([Size(800, 600), Size(800, 448)], Size(864, 480), Size(800, 448)),
        ([], HD, HD),
    ],
)
def test_the_nearest_size_is_taken(found: list[Size], wanted: Size, size: Size) -> None:
    assert nearest(found, wanted) == size


@pytest.mark.parametrize(
    ("offered", "fourcc"),
    [
        ([Offer("MJPG", HD, 30), Offer("YUYV", HD, 10)], "MJPG"),
        ([Offer("MJPG", VGA, 30), Offer("YUYV", HD, 30)], "YUYV"),
        ([Offer("MJPG", VGA, 30), Offer("YUYV", HD, 5)], "YUYV"),
        ([Offer("MJPG", HD, 5), Offer("YUYV", HD, 30)], "YUYV"),
        ([Offer("MJPG", HD, 5), Offer("YUYV", HD, 5)], "MJPG"),
        ([Offer("MJPG", HD, 0), Offer("YUYV", HD, 30)], "MJPG"),
        ([Offer("MJPG", VGA, 30), Offer("YUYV", VGA, 30)], "MJPG"),
    ],
)
def test_the_liked_format_is_taken_unless_only_another_has_the_size_at_a_good_rate(
    offered: list[Offer], fourcc: str
) -> None:
    assert best(offered, HD, 30).fourcc == fourcc


def test_of_a_range_the_nearest_step_is_taken() -> None:
    def ask(_request: int, entry: Any) -> bool:
        entry.type = 3  # V4L2_FRMSIZE_TYPE_STEPWISE
        steps = entry.stepwise
        steps.min_width, steps.max_width, steps.step_width = 32, 2592, 32
        steps.min_height, steps.max_height, steps.step_height = 32, 1944, 2
        return True

    assert frame_sizes.sizes(ask, 0, HD) == [HD]
    assert frame_sizes.sizes(ask, 0, Size(5000, 3000)) == [Size(2592, 1944)]
    assert frame_sizes.sizes(ask, 0, Size(1300, 16)) == [Size(1280, 32)]


def test_of_a_range_of_rates_both_ends_are_told() -> None:
    def ask(_request: int, entry: Any) -> bool:
        entry.type = 3
        entry.stepwise.min.numerator, entry.stepwise.min.denominator = 1, 60
        entry.stepwise.max.numerator, entry.stepwise.max.denominator = 1, 1
        return True

    assert frame_sizes.rates(ask, 0, HD) == [60, 1]


def test_a_driver_that_never_ends_its_list_is_not_believed() -> None:
    def ask(_request: int, entry: Any) -> bool:
        entry.type = 1
        entry.discrete.width = entry.discrete.height = 16 + entry.index
        return True

    assert len(frame_sizes.sizes(ask, 0, HD)) == frame_sizes.MAX_OFFERS
