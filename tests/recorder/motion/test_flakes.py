"""Snow is taken out of pictures while it falls, and nothing else is changed."""

import numpy as np
import pytest

from recorder.motion.arrays import Values
from recorder.motion.flakes import Flakes, upright

SHAPE = (60, 90)
GROUND: Values = np.random.default_rng(5).uniform(60, 120, SHAPE).astype(np.float32)
PICTURES = 40


def snowed(number: int, levels: tuple[float, ...] = (220,)) -> Values:
    """The ground with flakes of nine pixels, elsewhere in each picture, as bright as the levels in turn."""
    random = np.random.default_rng(number)
    picture = GROUND.copy()
    places = zip(random.integers(0, 57, 20), random.integers(0, 87, 20), strict=True)
    for flake, (row, column) in enumerate(places):
        picture[row : row + 3, column : column + 3] = levels[flake % len(levels)]
    return picture


def test_falling_snow_is_noticed_and_taken_out() -> None:
    flakes = Flakes()

    for number in range(PICTURES):
        left = flakes.without(snowed(number))

    assert flakes.falling
    assert np.mean(np.abs(left - GROUND) > 1) < 0.01
    assert np.mean(np.abs(snowed(PICTURES - 1) - GROUND) > 1) > 0.02


@pytest.mark.parametrize(("levels", "expected"), [((220,), True), ((10,), False), ((220, 10), False)])
def test_flakes_before_the_sky_are_not_bright(levels: tuple[float, ...], expected: bool) -> None:
    flakes = Flakes()

    for number in range(2 * PICTURES):
        flakes.without(snowed(number, levels))

    assert flakes.falling
    assert flakes.are_bright == expected


def test_who_stands_in_the_snow_stays() -> None:
    flakes = Flakes()

    for number in range(PICTURES):
        picture = snowed(number)
        picture[20:40, 30:38] = 10
        left = flakes.without(picture)

    assert (left[20:40, 30:38] == 10).all()


def test_without_snow_each_picture_stays_as_it_is() -> None:
    flakes = Flakes()
    noise = np.random.default_rng(1)

    for _ in range(PICTURES):
        picture = GROUND + noise.normal(0, 2, SHAPE).astype(np.float32)
        assert flakes.without(picture) is picture

    assert not flakes.falling


def test_snow_that_ends_is_noticed() -> None:
    flakes = Flakes()
    for number in range(PICTURES):
        flakes.without(snowed(number))
    assert flakes.falling

    for _ in range(PICTURES):
        flakes.without(GROUND)

    assert not flakes.falling


def test_somebody_who_runs_to_and_fro_is_no_snow() -> None:
    """Each pixel shows them in one picture only, as it does a flake."""
    flakes = Flakes()

    for number in range(PICTURES):
        picture = GROUND.copy()
        step = number % 8 if number // 8 % 2 == 0 else 7 - number % 8
        picture[15:50, 10 * step : 10 * step + 10] = 220
        flakes.without(picture)

    assert not flakes.falling


def test_what_is_as_tall_as_people_is_upright_and_flakes_are_not() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[10:30, 20:25] = True
    person = mask.copy()
    mask[40:47, 60:67] = True
    mask[5:30, 80] = True

    assert (upright(mask) == person).all()
    assert not upright(mask & ~person).any()
