import select
import threading

import pytest

from capture.frame_slot import FrameSlot
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.picture import Picture
from tests.capture.jpegs import jpeg
from tests.processes import DEADLINE_SECONDS


def frame(seq: int) -> Published:
    picture = Picture(jpeg((16, 16)), 1.0, 1.0)
    return FrameBuilder("front", "e1").build(picture, seq, source="scripted", orientation=1, dropped=0, kind="live")


def readable(slot: FrameSlot, seconds: float = 0) -> bool:
    return bool(select.select([slot], [], [], seconds)[0])


def test_a_frame_makes_it_readable_and_is_taken_once() -> None:
    slot = FrameSlot()
    assert not readable(slot)
    first = frame(1)
    slot.put(first, lambda: False)
    assert readable(slot)
    assert slot.take() is first
    assert not readable(slot)
    slot.notify()
    assert slot.take() is None


def test_a_second_frame_waits_until_the_first_was_taken() -> None:
    slot = FrameSlot()
    frames = [frame(1), frame(2)]

    def put_both() -> None:
        for each in frames:
            slot.put(each, lambda: False)

    thread = threading.Thread(target=put_both)
    thread.start()
    assert readable(slot, DEADLINE_SECONDS)
    assert slot.take() is frames[0]
    assert readable(slot, DEADLINE_SECONDS)
    assert slot.take() is frames[1]
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def test_at_the_end_no_frame_waits_for_room() -> None:
    slot = FrameSlot()
    slot.put(frame(1), lambda: False)
    newest = frame(2)
    slot.put(newest, lambda: True)
    assert slot.take() is newest


def test_taking_without_news_is_refused() -> None:
    with pytest.raises(BlockingIOError):
        FrameSlot().take()
