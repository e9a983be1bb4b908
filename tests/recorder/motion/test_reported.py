"""What users of other motion detectors have reported, tried on this one. Each test names the report."""

import numpy as np
import pytest

from recorder.motion.arrays import Grey
from tests.recorder.motion.test_detector import QUIET, found, small, walk


def quiet(pictures: int = QUIET, light: float = 1.0) -> list[Grey]:
    return [small(None, light) for _ in range(pictures)]


@pytest.mark.medium
def test_a_lamp_that_stays_on_is_no_motion_and_hides_nobody() -> None:
    """zoneminder#852: the alarm went on for hours, until the lamp was off."""
    lit = quiet(50, light=1.7)
    walking = [small(0.1 + step / 40, 1.7) for step in range(25)]

    motions = found(quiet() + lit + walking)

    assert motions
    assert min(number for number, _ in motions) >= QUIET + 50


@pytest.mark.parametrize("pictures", [1, 3, 8])
def test_light_that_goes_off_in_steps_is_no_motion(pictures: int) -> None:
    """frigate#13260: a part of the pixels changes in the first frame, and the rest in those after it."""
    dimming = [small(None, 1 - 0.6 * (step + 1) / pictures) for step in range(pictures)]

    assert found(quiet() + dimming + quiet(30, light=0.4)) == []


def test_something_large_is_found() -> None:
    """Motion#1065: what covered much of the picture was taken for a change of the light."""

    def with_van(left: int) -> Grey:
        picture = small(None).copy()
        picture[25:80, max(0, left) : max(0, left + 70)] = 200
        return picture

    assert found(quiet() + [with_van(left) for left in range(-60, 100, 6)])


@pytest.mark.medium
def test_each_of_many_walks_is_found_and_nothing_between() -> None:
    """zoneminder#4178: after some events, the alarm went on without an end, or came no more."""
    pictures, walks = quiet(), []
    for _ in range(8):
        walks.append((len(pictures), len(pictures) + 25))
        pictures += walk()[QUIET:] + quiet(30)

    numbers = [number for number, _ in found(pictures)]

    for first, end in walks:
        assert any(first <= number < end for number in numbers)
    assert all(any(first <= number < end + 3 for first, end in walks) for number in numbers)


@pytest.mark.medium
def test_the_time_that_a_camera_writes_into_the_picture_is_no_motion() -> None:
    """motioneye#3104: the digits of the clock started recordings."""
    random = np.random.default_rng(4)

    def with_clock(number: int) -> Grey:
        picture = small(None).copy()
        for digit in range(6):
            if number % 5 == 0 or digit == 5:
                picture[4:9, 100 + 5 * digit : 104 + 5 * digit] = random.integers(0, 2, (5, 4)) * 230
        return picture

    assert found([with_clock(number) for number in range(QUIET + 200)]) == []


@pytest.mark.medium
def test_a_camera_that_switches_its_infrared_filter_to_and_fro_makes_no_motion() -> None:
    """motioneyeos#2329, frigate#3960: at dusk the picture flashes, and half of it has another brightness then."""
    infrared = np.repeat(np.random.default_rng(5).uniform(0.7, 1.4, (9, 16)), 10, axis=0).repeat(10, axis=1)

    def at_night(light: float = 1.0) -> Grey:
        return (small(None) * infrared * light).clip(0, 255).astype(np.uint8)

    night = [at_night(2.0), at_night(1.5), *(at_night() for _ in range(40))]
    day = [small(None, 2.0), small(None, 1.5), *quiet(15)]

    assert found(quiet() + night + day + night) == []


@pytest.mark.medium
def test_an_exposure_that_rises_slowly_and_falls_at_once_makes_no_motion() -> None:
    """RPi_Cam_Web_Interface#271: the night mode of the camera makes the picture brighter again and again."""
    rising = [small(None, 0.6 + step / 125) for step in range(50)]

    assert found(quiet(light=0.6) + 4 * rising) == []


@pytest.mark.medium
def test_beside_a_part_that_never_rests_somebody_is_found() -> None:
    """open-nvr#377: the detector waited for a quiet picture before it looked."""
    random = np.random.default_rng(6)

    def restless(picture: Grey) -> Grey:
        picture = picture.copy()
        picture[:, 110:] = random.integers(40, 200, (90, 50))
        return picture

    alone = [restless(small(None)) for _ in range(QUIET + 60)]
    walking = [restless(small(0.1 + step / 60)) for step in range(25)]

    motions = found(alone + walking)

    assert motions
    assert min(number for number, _ in motions) >= len(alone)
