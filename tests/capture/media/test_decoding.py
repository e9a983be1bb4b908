"""Pictures that B frames hold back in the decoder: their arrival is remembered, and that they are late is said once."""

from collections import Counter

import pytest

from capture.media.decoding import JUDGED_PICTURES, MAX_WAITING, DecoderQueue


def played(
    queue: DecoderQueue,
    held_back: int,
    pictures: int = 4 * JUDGED_PICTURES,
    first: int = 0,
    *,
    has_b_frames: bool = True,
) -> list[float]:
    """Play pictures of which each comes out once so many newer ones are in; returns when each of them had come in."""
    came = []
    for number in range(first, first + pictures):
        queue.put(number, float(number))
        if number - held_back >= first:
            came.append(queue.take(number - held_back, -1.0, has_b_frames=has_b_frames))
    return came


@pytest.mark.parametrize("held_back", [0, 1, 3])
def test_the_arrival_is_that_of_the_picture(held_back: int) -> None:
    came = played(DecoderQueue(Counter()), held_back)
    assert came == [float(number) for number in range(len(came))]


@pytest.mark.parametrize(
    ("held_back", "said"),
    [
        (0, []),
        (1, ["B frames hold each picture back by 1 frame; switch them off in the camera"]),
        (2, ["B frames hold each picture back by 2 frames; switch them off in the camera"]),
    ],
)
def test_that_every_picture_is_held_back_is_said_once(held_back: int, said: list[str]) -> None:
    repairs = Counter[str]()
    queue = DecoderQueue(repairs)
    played(queue, held_back)
    played(queue, held_back + 1 if held_back else 0, first=1000)
    assert list(repairs.items()) == [(one, 1) for one in said]


def test_pictures_that_come_in_another_order_than_they_are_shown_are_held_back() -> None:
    repairs = Counter[str]()
    queue = DecoderQueue(repairs)
    decoded = [shown for first in range(0, 200, 4) for shown in (first + 4, first + 2, first + 1, first + 3)]
    to_show = 1
    for number, shown in enumerate(decoded):
        queue.put(shown, float(number))
        while number >= 2 and to_show in decoded[:number]:
            queue.take(to_show, -1.0, has_b_frames=True)
            to_show += 1
    [said] = repairs
    assert said.startswith("B frames hold each picture back by ")


def test_pictures_that_damage_holds_back_are_not_worth_a_word() -> None:
    repairs = Counter[str]()
    played(DecoderQueue(repairs), 2, has_b_frames=False)
    assert not repairs


def test_pictures_that_never_come_out_are_forgotten() -> None:
    queue = DecoderQueue(Counter())
    for number in range(3 * MAX_WAITING):
        queue.put(number, float(number))
    assert queue.take(0, -1.0, has_b_frames=False) == -1.0
    assert queue.take(3 * MAX_WAITING - 1, -1.0, has_b_frames=False) == 3 * MAX_WAITING - 1
