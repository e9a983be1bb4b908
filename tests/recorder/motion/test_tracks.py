"""What gets somewhere by even steps counts; what falls among other things that come and go does not."""

from collections.abc import Iterable

import pytest

from recorder.motion.blobs import Blob
from recorder.motion.tracks import Tracks


def blob(x: float, y: float, width: float = 6, height: int = 16, sharpness: float = 0.3, filled: float = 1.0) -> Blob:
    """A thing around a place."""
    left, top = x - width / 2, y - height / 2
    core = left + 0.2 * width, left + 0.8 * width, top + 0.2 * height, top + 0.8 * height
    sides = round(left), round(top), round(left + width), round(top) + height
    return Blob(x, y, *sides, core, round(filled * width * height), sharpness, texture=0.0)


def first(pictures: Iterable[list[Blob]], more: int = 0) -> int | None:
    """The number of the first picture in which something moves."""
    tracks: Tracks[int] = Tracks()
    moving = (tracks.follow(found, number, number / 5, more) for number, found in enumerate(pictures))
    return next((number for number, found in enumerate(moving) if found), None)


def cluttered(number: int) -> list[Blob]:
    """Things of one picture, far from all others."""
    return [blob(20 + 37 * number % 100, 200 + 53 * number % 90)]


def test_who_gets_on_by_even_steps_counts_at_once() -> None:
    assert first([blob(10 + 4 * step, 50)] for step in range(9)) == 2


def test_what_changes_its_size_and_gets_on_by_uneven_steps_takes_a_second_picture() -> None:
    places = [10, 11, 19, 23, 27, 31]

    assert first([blob(x, 50, filled=0.45 + 0.55 * (number % 2))] for number, x in enumerate(places)) == 3


@pytest.mark.parametrize("places", [(10, 15, 11), (10, 15, 12), (10, 11, 6), (18, 13, 13)])
def test_who_turns_round_at_once_counts_as_soon(places: tuple[int, ...]) -> None:
    assert first([blob(x, 50)] for x in places) == 2


def test_what_swings_within_its_place_does_not_count() -> None:
    assert first([blob(50 + 4 * (step % 2), 50, 20, 20)] for step in range(30)) is None


def test_who_is_plain_counts_also_while_the_light_changes() -> None:
    assert first(([blob(10 + 4 * step, 50)] for step in range(30)), more=8) == 3
    uneven = first(([blob(10 + 4 * step + 3 * (step % 2), 50)] for step in range(30)), more=8)
    assert uneven is not None
    assert uneven > 3


def test_pictures_that_come_at_uneven_times_make_no_steps_uneven() -> None:
    tracks: Tracks[int] = Tracks()
    moving = [tracks.follow([blob(10 + 20 * now, 50)], 0, now) for now in (0.0, 0.2, 0.55)]

    assert moving[-1]


def test_what_is_less_sharp_must_be_seen_longer() -> None:
    soft = first([blob(10 + 4 * step, 50, sharpness=0.14)] for step in range(30))

    assert soft is not None
    assert soft >= 6


def test_what_is_full_of_gaps_does_not_count() -> None:
    """A gust that goes through a tree: the leaves differ, and what is between them does not."""
    assert first([blob(10 + 4 * step, 50, 20, 20, filled=0.3)] for step in range(30)) is None
    assert first([blob(10 + 4 * step, 50, 20, 20, filled=0.6)] for step in range(30)) is not None


def test_who_grows_in_both_directions_counts() -> None:
    def near(step: int, wider: float) -> Blob:
        return blob(50, 50, round(10 + wider * step), round(30 + step))

    assert first([near(step, 0.4)] for step in range(30)) is not None
    assert first([near(step, 0.0)] for step in range(30)) is None


def test_among_things_that_come_and_go_what_falls_does_not_count() -> None:
    def falling(step: int, down: float, right: float) -> list[Blob]:
        return [*cluttered(step), *([blob(20 + right * (step - 40), 20 + down * (step - 40))] if step >= 40 else [])]

    assert first(falling(step, 5.0, 0.0) for step in range(60)) is None
    assert first(falling(step, 0.0, 3.0) for step in range(60)) is not None


def test_what_appears_as_the_light_changes_must_leave_its_place() -> None:
    """What is left of a lamp becomes smaller here and there, so that it seems to move."""

    def left_of_a_lamp(step: int) -> list[Blob]:
        return [blob(50 + step / 2.5, 50, 24, 20)]

    assert first(left_of_a_lamp(step) for step in range(30)) is not None
    assert first((left_of_a_lamp(step) for step in range(30)), more=1) is None
    assert first(([blob(20 + 3 * step, 90)] for step in range(30)), more=1) is not None


def test_what_is_left_of_a_lamp_and_rests_after_a_jump_does_not_count() -> None:
    """It takes another place at first, as the exposure follows, and is seen there until it has become background."""
    places = [(50.0, 50.0), (40.0, 46.0), *[(30.0, 30.0)] * 28]

    assert first(([blob(*place)] for place in places), more=8) is None


def test_what_is_large_and_seldom_sharp_does_not_count() -> None:
    """Headlights on the ground: a third of the pictures seem to have a sharp edge."""

    def headlights(step: int) -> list[Blob]:
        return [blob(30 + 8 * step, 50, 50, 30, sharpness=0.2 if step % 3 == 0 else 0.05)]

    assert first(headlights(step) for step in range(30)) is None
