"""The room for the newest frame: what is replaced or too old is counted, and told with the next one."""

from framebus.client.frame_box import FrameBox
from framebus.protocol.frame import Frame
from tests.framebus.publisher import frame_header


def frame(seq: int, missed: int = 0) -> Frame:
    return Frame(frame_header(seq), b"", missed)


def test_a_frame_that_is_replaced_is_missed() -> None:
    box = FrameBox(lambda frame: False)
    full = [box.is_full]
    assert box.take() is None
    box.put(frame(1))
    box.put(frame(4, missed=2))
    full.append(box.is_full)

    taken = box.take()

    assert taken is not None
    assert (taken.seq, taken.missed, box.skipped) == (4, 3, 1)
    assert [*full, box.is_full] == [False, True, False]


def test_a_frame_that_is_too_old_is_missed() -> None:
    box = FrameBox(lambda frame: frame.seq == 1)
    box.put(frame(1, missed=1))
    assert box.take() is None
    box.put(frame(2))

    taken = box.take()

    assert taken is not None
    assert (taken.missed, box.skipped) == (2, 1)


def test_what_is_forgotten_is_gone() -> None:
    box = FrameBox(lambda frame: False)
    box.put(frame(1))
    box.clear()
    assert box.take() is None
