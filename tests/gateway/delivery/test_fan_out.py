"""The viewers of a frame get it in turns of the event loop, and the others are served in between."""

import asyncio
from collections import Counter

import pytest

from framebus.protocol.frame_view import view
from framebus.protocol.wire import pack
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.fan_out import VIEWERS_A_TURN, FanOut
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from tests.gateway.camera import jpeg
from tests.gateway.conftest import until
from tests.gateway.delivery.test_viewer import ScriptedTransport
from tests.headers import frame_header

MANY = VIEWERS_A_TURN + 10
OLD, NEW = (EncodedFrame(view(pack("live", "front", frame_header(seq=number), jpeg()))) for number in (1, 2))


class Listed(Viewer):
    """Notes in a list which frames it gets."""

    def __init__(self, number: int, got: list[tuple[int, EncodedFrame]]) -> None:
        super().__init__(ScriptedTransport())
        self.number = number
        self.got = got

    def on_frame(self, encoded: EncodedFrame) -> None:
        self.got.append((self.number, encoded))

    def next_message(self) -> bytes | None:
        return None

    def close(self, ending: Ending = STOPPING) -> None:
        self.end()


class Failing(Listed):
    """Has a bug."""

    def on_frame(self, encoded: EncodedFrame) -> None:
        raise ZeroDivisionError


def crowd(size: int) -> tuple[FanOut, list[tuple[int, EncodedFrame]]]:
    """So many viewers, and the list of what they get."""
    got: list[tuple[int, EncodedFrame]] = []
    fan_out = FanOut()
    for number in range(size):
        fan_out.join(Listed(number, got))
    return fan_out, got


def to(numbers: range, encoded: EncodedFrame) -> list[tuple[int, EncodedFrame]]:
    """What is noted where these get the frame in this order."""
    return [(number, encoded) for number in numbers]


async def test_the_loop_comes_to_others_before_all_have_the_frame() -> None:
    fan_out, got = crowd(MANY)
    loop = asyncio.get_running_loop()
    turn = loop.create_future()
    loop.call_soon(lambda: turn.set_result(len(got)))

    fan_out.send(OLD)

    assert await turn == VIEWERS_A_TURN
    await until(lambda: len(got) == MANY)
    assert got == to(range(MANY), OLD)
    assert fan_out.late_viewers == 0


async def test_a_few_get_it_at_once_and_always_in_the_same_order() -> None:
    fan_out, got = crowd(3)
    fan_out.send(OLD)
    fan_out.send(NEW)
    assert got == [*to(range(3), OLD), *to(range(3), NEW)]


async def test_when_another_frame_comes_too_soon_those_who_wait_get_it_first() -> None:
    fan_out, got = crowd(MANY)

    fan_out.send(OLD)
    assert fan_out.late_viewers == MANY - VIEWERS_A_TURN
    fan_out.send(NEW)

    await until(lambda: len(got) == VIEWERS_A_TURN + MANY)
    first = range(VIEWERS_A_TURN)
    assert got == [*to(first, OLD), *to(range(VIEWERS_A_TURN, MANY), NEW), *to(first, NEW)]


async def test_with_too_little_time_for_all_each_gets_equally_many_frames() -> None:
    fan_out, got = crowd(MANY)
    for _ in range(2 * MANY):
        fan_out.send(OLD)
        await asyncio.sleep(0)  # one more turn
    fan_out.close()
    frames = Counter(number for number, _ in got)
    assert len(frames) == MANY
    assert max(frames.values()) - min(frames.values()) <= 1


async def test_one_that_leaves_before_its_turn_gets_nothing_and_one_that_comes_the_next_frame() -> None:
    fan_out, got = crowd(MANY)
    newcomer, leaver = Listed(MANY, got), Listed(MANY + 1, got)
    fan_out.join(leaver)
    fan_out.send(OLD)
    fan_out.leave(leaver)
    fan_out.join(newcomer)
    await until(lambda: not fan_out.late_viewers)
    assert got == to(range(MANY), OLD)
    got.clear()
    fan_out.send(NEW)
    await until(lambda: not fan_out.late_viewers)
    assert sorted(number for number, _ in got) == list(range(MANY + 1))


async def test_a_closed_one_sends_nothing_until_the_next_frame() -> None:
    fan_out, got = crowd(MANY)
    fan_out.send(OLD)
    fan_out.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(got) == VIEWERS_A_TURN
    got.clear()
    fan_out.send(NEW)
    await until(lambda: len(got) == MANY)
    assert got == [*to(range(VIEWERS_A_TURN, MANY), NEW), *to(range(VIEWERS_A_TURN), NEW)]


async def test_a_viewer_that_always_fails_keeps_no_frame_from_the_few_after_it() -> None:
    fan_out, got = crowd(0)
    for viewer in (Failing(0, got), Listed(1, got), Listed(2, got)):
        fan_out.join(viewer)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fan_out.send(NEW)
    assert got == [*to(range(1, 3), NEW), *to(range(1, 3), NEW)], "all frames but the first"


async def test_a_viewer_that_fails_does_not_hold_up_the_next_frame() -> None:
    fan_out, got = crowd(3)
    failing = Failing(3, got)
    fan_out.join(failing)
    with pytest.raises(ZeroDivisionError):
        fan_out.send(OLD)
    fan_out.leave(failing)
    got.clear()
    fan_out.send(NEW)
    assert got == to(range(3), NEW)
