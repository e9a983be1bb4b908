"""Motion is found where something walks, and not where light, size, place or zone are against it."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image

from recorder.motion.arrays import Grey
from recorder.motion.background import Background
from recorder.motion.detector import Detector, Motion
from tests.recorder.motion import walker

SHAPE = (90, 160)
EVERYWHERE = np.ones(SHAPE, np.bool_)
QUIET = 90
"""Pictures without anything, in which the background is learnt."""


def small(left: float | None, light: float = 1.0) -> Grey:
    """A picture as the decoder gives it, with some noise of its own."""
    reduced = np.asarray(Image.fromarray(walker.picture(left)).resize((160, 90), Image.Resampling.BOX)) * light
    return (reduced + walker.NOISE.picture(*SHAPE)).clip(0, 255).astype(np.uint8)


def given(picture: Grey) -> Callable[[], Grey]:
    """What decodes to this picture."""
    return lambda: picture


def found(pictures: list[Grey], detector: "Detector[int] | None" = None) -> list[tuple[int, Motion[int]]]:
    """The numbers of the pictures in which motion is found, five pictures a second."""
    detector = detector or Detector(SHAPE, EVERYWHERE, 0.1, 50)
    seen = ((number, detector.look(given(picture), number, number / 5)) for number, picture in enumerate(pictures))
    return [(number, motion) for number, motion in seen if motion is not None]


def decoded_of(detector: "Detector[int]", pictures: list[Grey]) -> list[int]:
    """The numbers of the pictures that were decoded."""
    decoded: list[int] = []

    def decode(number: int) -> Grey:
        decoded.append(number)
        return pictures[number]

    for number in range(len(pictures)):
        detector.look(partial(decode, number), number, number / 5)
    return decoded


def walk(light: float = 1.0) -> list[Grey]:
    """Somebody comes after some seconds, and walks from the left to the right."""
    return [small(None) for _ in range(QUIET)] + [small(0.1 + step / 40, light) for step in range(25)]


def test_who_walks_is_found_in_the_third_picture() -> None:
    motions = found(walk())

    first, motion = motions[0]
    assert first == QUIET + 2
    assert motion.first == QUIET
    assert motion.score >= 0.5
    left, top, right, bottom = motion.box
    assert left == pytest.approx(0.1 + 2 / 40, abs=0.06)
    assert right == pytest.approx(0.1 + 2 / 40 + 44 / 640, abs=0.06)
    assert top == pytest.approx(130 / 360, abs=0.04)
    assert bottom == pytest.approx(290 / 360, abs=0.04)
    assert len(motions) > 20


@pytest.mark.parametrize("more", [1, 2])
def test_who_walks_is_found_as_soon_whichever_pictures_had_waited(more: int) -> None:
    motions = found([small(None)] * more + walk())

    assert motions[0][0] == more + QUIET + 2
    assert motions[0][1].first == more + QUIET


def test_while_nothing_moves_one_picture_of_three_is_decoded() -> None:
    detector: Detector[int] = Detector(SHAPE, EVERYWHERE, 0.1, 50)
    decoded = decoded_of(detector, [small(None) for _ in range(2 * QUIET)])

    assert decoded[: QUIET // 2] == list(range(QUIET // 2))  # it learns the place
    assert len([number for number in decoded if number >= QUIET]) == QUIET // 3


def test_a_picture_that_is_learnt_in_place_of_three_counts_as_much_as_the_three() -> None:
    one, three = Background(SHAPE, 3.6, 2.5), Background(SHAPE, 3.6, 2.5)
    for picture in [small(None) for _ in range(QUIET)]:
        one.compare(picture)
        three.compare(picture)
    brighter = small(None)
    brighter[20:24, 20:24] += 2

    seen = one.glance(brighter)
    assert seen is not None
    one.learn(seen, 3)
    for _ in range(3):
        three.compare(brighter)

    assert one._picture is not None
    assert three._picture is not None
    assert np.abs(one._picture - three._picture).max() < 0.05
    assert np.abs(one.usual - three.usual).max() < 0.05


def test_where_something_moves_each_picture_is_decoded() -> None:
    pictures = walk()
    decoded = decoded_of(Detector(SHAPE, EVERYWHERE, 0.1, 50), pictures)

    assert sorted(number for number in decoded if number >= QUIET) == list(range(QUIET, len(pictures)))


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_damaged_picture_is_left_out(damaged: int) -> None:
    """It is the first, the second or the third one that shows somebody."""
    detector: Detector[int] = Detector(SHAPE, EVERYWHERE, 0.1, 50)
    motions = []
    pictures: list[Grey | None] = [*walk()]
    pictures[QUIET + damaged] = None
    for number in range(len(pictures)):
        if detector.look(partial(pictures.__getitem__, number), number, number / 5):
            motions.append(number)

    assert motions[0] == QUIET + 3


def test_an_empty_place_has_no_motion() -> None:
    assert found([small(None) for _ in range(150)]) == []


@pytest.mark.medium
def test_something_that_is_put_down_is_no_motion() -> None:
    assert found([small(None) for _ in range(QUIET)] + [small(0.4) for _ in range(60)]) == []


@pytest.mark.medium
def test_light_that_goes_on_and_off_is_no_motion() -> None:
    pictures = [small(None, 1.0 if number // 20 % 2 == 0 else 0.6) for number in range(200)]

    assert found(pictures) == []


def test_who_walks_while_the_light_changes_is_found() -> None:
    assert found(walk(light=0.7))


def test_the_shadow_of_a_person_is_no_part_of_the_motion() -> None:
    """It is three times as wide as the person, and moves with them; the last pictures show it on rough ground."""
    shadowed = [small(None) for _ in range(QUIET)]
    for step in range(15):
        picture = small(0.1 + step / 40).astype(np.float64)
        side = int((0.1 + step / 40) * 160) + 11
        picture[62:72, side : side + 33] *= 0.55
        shadowed.append(picture.astype(np.uint8))

    widths = [motion.box[2] - motion.box[0] for _, motion in found(shadowed)[-5:]]
    assert widths
    assert max(widths) < 0.2  # the person has 0.07, and both together 0.28


def test_who_comes_straight_towards_the_camera_is_found() -> None:
    """The middle stays where it is, and both sides move away from it."""

    def near(height: float) -> Grey:
        picture = small(None).copy()
        half = round(height * 0.13)
        picture[round(45 - height / 2) : round(45 + height / 2), 80 - half : 80 + half] = 40
        return picture

    assert found([small(None) for _ in range(QUIET)] + [near(20 * 1.03**step) for step in range(25)])


@pytest.mark.parametrize(("stride", "expected"), [(None, False), (1 / 80, True), (1 / 11, True)])
@pytest.mark.medium
def test_in_the_snow_who_walks_or_runs_is_found_and_flakes_are_not(stride: float | None, expected: bool) -> None:
    """Who runs gets on by more than their width from picture to picture."""
    random = np.random.default_rng(3)
    begins = QUIET + 30
    rows, columns = random.uniform(0, 90, 110), random.uniform(0, 160, 110)
    pictures = []
    for number in range(begins + 30):
        rows[:] = (rows + 7) % 90
        picture = small(0.1 + (number - begins) * stride if stride and number >= begins else None).copy()
        for row, column in zip(rows.astype(int), columns.astype(int), strict=True):
            picture[row : row + 2, column : column + 2] = 230
        pictures.append(picture)

    assert bool(found(pictures)) == expected


@pytest.mark.medium
def test_in_the_snow_a_small_person_in_dark_clothes_is_found_also_where_they_run() -> None:
    """They are in one picture at each place, as flakes are, and too low to be told from these by their height."""
    random = np.random.default_rng(3)
    rows, columns = random.uniform(0, 90, 110), random.uniform(0, 160, 110)
    pictures = []
    for number in range(QUIET + 50):
        rows[:] = (rows + 7) % 90
        picture = small(None).copy()
        for row, column in zip(rows.astype(int), columns.astype(int), strict=True):
            picture[row : row + 2, column : column + 2] = 230
        if number >= QUIET + 30:
            column = 20 + (number - QUIET - 30) * 6
            picture[40:48, column : column + 4] = 30
        pictures.append(picture)

    assert found(pictures)


@pytest.mark.medium
def test_among_heavy_flakes_that_are_darker_than_what_is_behind_them_somebody_is_found() -> None:
    """As before the sky: there, not all that is dark is somebody."""
    random = np.random.default_rng(0)
    begins, flakes = QUIET + 60, 200
    rows, columns = random.uniform(0, 90, flakes), random.uniform(0, 160, flakes)
    pictures = []
    for number in range(begins + 60):
        rows = (rows + 7 * random.uniform(0.7, 1.3, flakes)) % 90
        columns = (columns + random.uniform(-2, 2, flakes)) % 160
        picture = small(0.05 + (number - begins) / 80 if number >= begins else None).copy()
        for row, column in zip(rows.astype(int), columns.astype(int), strict=True):
            picture[row : row + 3, column : column + 3] = 30
        pictures.append(picture)

    assert found(pictures)


@pytest.mark.parametrize(("left", "right", "expected"), [(0.0, 0.5, True), (0.9, 1.0, False)])
def test_only_the_zone_counts(left: float, right: float, expected: bool) -> None:
    counts = np.zeros(SHAPE, np.bool_)
    counts[:, int(left * 160) : int(right * 160)] = True

    assert bool(found(walk(), Detector(SHAPE, counts, 0.1, 50))) == expected


@pytest.mark.parametrize(("min_area", "expected"), [(1.0, True), (10.0, False)])
def test_what_is_smaller_does_not_count(min_area: float, expected: bool) -> None:
    assert bool(found(walk(), Detector(SHAPE, EVERYWHERE, min_area, 50))) == expected


@pytest.mark.medium
def test_less_sensitivity_takes_a_larger_difference() -> None:
    def faint(picture: Grey) -> Grey:
        return (100 + (picture.astype(np.float32) - 100) * 0.12).astype(np.uint8)

    pictures = [faint(picture) for picture in walk()]

    assert not found(pictures, Detector(SHAPE, EVERYWHERE, 0.1, 1))
    assert found(pictures, Detector(SHAPE, EVERYWHERE, 0.1, 90))


def test_after_a_pause_what_was_seen_before_is_forgotten() -> None:
    detector: Detector[int] = Detector(SHAPE, EVERYWHERE, 0.1, 50)
    pictures = walk()
    for number, picture in enumerate(pictures[: QUIET + 2]):
        assert detector.look(given(picture), number, number / 5) is None

    assert detector.look(given(pictures[QUIET + 2]), 99, 60.0) is None


@pytest.mark.parametrize("shape", [(16, 125), (160, 90), (48, 64)])
def test_a_picture_of_any_size_will_do(shape: tuple[int, int]) -> None:
    detector: Detector[int] = Detector(shape, np.ones(shape, np.bool_), 0.1, 50)
    random = np.random.default_rng(1)

    for number in range(40):
        grey = random.integers(0, 256 if number > 25 else 60, shape).astype(np.uint8)
        detector.look(given(grey), number, number / 5)


@pytest.mark.parametrize("shape", [(16, 16), (16, 24), (20, 19)])
def test_pictures_of_the_smallest_sizes_are_looked_at(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1)
    detector: Detector[int] = Detector(shape, np.ones(shape, np.bool_), 0.1, 50)

    assert found([noise.integers(100, 103, shape, np.uint8) for _ in range(QUIET)], detector) == []
