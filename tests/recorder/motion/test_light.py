"""The shadow of somebody is cut off, and the light of a lamp; things stay."""

import numpy as np
import pytest

from recorder.motion.arrays import Mask, Values
from recorder.motion.background import Background, smooth
from recorder.motion.light import things

SHAPE = (60, 90)
ALL = np.ones(SHAPE, np.bool_)


def seen(picture: Values) -> Background:
    """What is known of a place with some texture, of which this picture comes."""
    background = Background(SHAPE, 3.6, 2.5)
    background.expected, background.picture = smooth(ground()), smooth(picture)
    background.usual = np.full(SHAPE, 1.0, np.float32)
    return background


def ground() -> Values:
    """With texture."""
    return np.random.default_rng(5).uniform(60, 180, SHAPE).astype(np.float32)


def within(rows: slice, columns: slice) -> Mask:
    """A mask of a box."""
    mask = np.zeros(SHAPE, np.bool_)
    mask[rows, columns] = True
    return mask


def test_a_shadow_is_cut_off_and_who_casts_it_stays() -> None:
    picture = ground()
    shadow, person = within(slice(35, 45), slice(20, 60)), within(slice(15, 45), slice(20, 30))
    picture[shadow] *= 0.5
    picture[person] = 20

    found = things(shadow | person, seen(picture))

    assert found[person].mean() > 0.9
    assert found[shadow & ~person].mean() < 0.2


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.4])
def test_light_is_no_thing(factor: float) -> None:
    assert things(ALL, seen(ground() * np.float32(factor))).mean() < 0.01


def test_where_the_background_has_no_texture_everything_stays() -> None:
    background = seen(ground())
    background.expected, background.picture = (np.full(SHAPE, level, np.float32) for level in (100, 60))

    assert things(ALL, background).all()


def test_nothing_is_found_in_nothing() -> None:
    assert not things(np.zeros(SHAPE, np.bool_), seen(ground())).any()


def test_one_row_is_enough() -> None:
    mask = within(slice(0, 1), slice(0, 1))

    assert things(mask, seen(ground() + np.float32(50))).sum() <= 1
