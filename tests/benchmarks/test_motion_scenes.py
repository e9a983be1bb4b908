"""The labelled scenes of the motion detector: the same every time, and nobody is found in what is none."""

from functools import partial

import numpy as np
import pytest

from benchmarks.motion_scenes.picture import HEIGHT, WIDTH
from benchmarks.motion_scenes.scene import WEATHERS, Scene
from recorder.motion.detector import Detector


def test_a_seed_makes_the_same_pictures_and_labels() -> None:
    one, other = Scene(5, 1, seconds=60), Scene(5, 1, seconds=60)

    assert all((here == there).all() for here, there in zip(one.frames(), other.frames(), strict=True))
    assert one.labels == other.labels
    assert one.labels


def test_another_seed_makes_others() -> None:
    first = [next(Scene(seed, 0, seconds=1).frames()) for seed in (1, 2)]

    assert (first[0] != first[1]).mean() > 0.5


@pytest.mark.parametrize("number", range(len(WEATHERS)))
def test_each_weather_makes_pictures_of_one_size(number: int) -> None:
    pictures = list(Scene(3, number, seconds=20).frames())

    assert len(pictures) == 100
    assert {picture.shape for picture in pictures} == {(HEIGHT, WIDTH)}
    assert {picture.dtype for picture in pictures} == {np.dtype(np.uint8)}


def test_a_person_in_calm_weather_is_labelled_and_found() -> None:
    scene = Scene(2, 0, seconds=60)
    detector: Detector[int] = Detector((HEIGHT, WIDTH), np.ones((HEIGHT, WIDTH), np.bool_), 0.1, 50)

    found = [
        number
        for number, picture in enumerate(scene.frames())
        if detector.look(partial(np.asarray, picture), number, number / 5)
    ]

    (label,) = [label for label in scene.labels if label.is_to_be_found]
    assert any(label.first <= number <= label.last for number in found)
