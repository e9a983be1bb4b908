"""By what part of a pixel a picture is shifted is found, also while something moves in it."""

import numpy as np
import pytest

from recorder.motion.arrays import Values
from recorder.motion.sway import inner, sway, swayed

SHAPE = (40, 60)
EDGES = inner(np.arange(SHAPE[0] * SHAPE[1], step=7), SHAPE)


def scene() -> Values:
    """Soft blobs of light, so that a shift by part of a pixel is the same however it is computed."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.asarray(120 + 60 * np.sin(rows / 3) * np.cos(columns / 4), np.float32)


@pytest.mark.parametrize("by", [(0.3, 0.0), (0.0, -0.6), (-0.5, 0.4), (0.9, 0.9)])
def test_a_shift_is_found_and_undone(by: tuple[float, float]) -> None:
    expected = scene()
    picture = swayed(expected, by)

    found = sway(picture - expected, expected, EDGES)

    assert found == pytest.approx(by, abs=0.08)
    left = np.abs(picture - swayed(expected, found))[2:-2, 2:-2].mean()
    assert left < 0.15 * np.abs(picture - expected)[2:-2, 2:-2].mean()


def test_what_moves_itself_does_not_count() -> None:
    expected = scene()
    picture = swayed(expected, (0.4, -0.3))
    picture[5:30, 10:22] = 250

    assert sway(picture - expected, expected, EDGES) == pytest.approx((0.4, -0.3), abs=0.1)


def test_a_still_camera_has_not_moved() -> None:
    expected = scene()
    noise = np.random.default_rng(3).normal(0, 1, SHAPE).astype(np.float32)

    assert sway(noise, expected, EDGES) == (0.0, 0.0)


def test_a_lamp_is_no_shift() -> None:
    expected = scene()

    assert sway(expected * np.float32(0.3), expected, EDGES) == (0.0, 0.0)


def test_edges_of_one_direction_do_not_tell() -> None:
    fence = np.repeat(scene()[:1], SHAPE[0], axis=0)

    assert sway(swayed(fence, (0.0, 0.5)) - fence, fence, EDGES) == (0.0, 0.0)


def test_few_edges_do_not_tell() -> None:
    expected = scene()

    assert sway(swayed(expected, (0.5, 0.5)) - expected, expected, EDGES[:10]) == (0.0, 0.0)
