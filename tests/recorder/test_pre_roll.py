"""The pre-roll is bounded by time and by memory, and gives back what came from a moment on."""

from recorder.pre_roll import MB, PreRoll
from tests.framebus.recordings.segments import MONOTONIC
from tests.recorder.frames import frame, frames, times


def test_it_holds_the_last_seconds() -> None:
    held = PreRoll(1.0, 10)
    for one in frames(0, 500, 1000, 1001, 1600):
        held.add(one)

    assert times(held.since(0)) == [1000, 1001, 1600]
    assert times(held.since(MONOTONIC + 1.001)) == [1001, 1600]
    assert times(held.last(0.6)) == [1000, 1001, 1600]
    assert times(held.last(0.5)) == [1600]
    assert held.bytes == sum(one.size for one in held.since(0))


def test_it_holds_no_more_than_its_memory() -> None:
    held = PreRoll(60, 2.5 * frame(0).size / MB)
    for one in frames(0, 1, 2, 3):
        held.add(one)

    assert times(held.since(0)) == [2, 3]


def test_after_a_restart_of_the_machine_it_begins_again() -> None:
    held = PreRoll(60, 10)
    for one in frames(5000, 6000, 100):
        held.add(one)

    assert times(held.since(0)) == [100]
    held.clear()
    assert (held.since(0), held.last(60), held.bytes) == ([], [], 0)
