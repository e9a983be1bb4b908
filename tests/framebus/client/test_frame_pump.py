"""The thread behind a subscriber's descriptor: what ends it reaches the reader, and it leaves nothing behind."""

import os
import queue
import select

import pytest

from framebus.client.frame_pump import FramePump
from framebus.errors import SubscriberClosed
from framebus.protocol.frame import Frame
from tests.framebus.publisher import frame_header
from tests.processes import DEADLINE_SECONDS


class Incoming:
    """What the thread receives."""

    def __init__(self) -> None:
        self.queue: queue.Queue[Frame | None] = queue.Queue()

    def receive(self) -> Frame:
        frame = self.queue.get()
        if frame is None:
            raise SubscriberClosed("front")
        return frame


def readable(pump: FramePump, seconds: float = DEADLINE_SECONDS) -> bool:
    return bool(select.select([pump], [], [], seconds)[0])


def test_what_ends_the_thread_is_raised_behind_the_last_frame() -> None:
    incoming = Incoming()
    pump = FramePump("front", incoming.receive, lambda frame: False, keep_all=True)
    incoming.queue.put(Frame(frame_header(1), b""))
    incoming.queue.put(None)
    taken = pump.take(DEADLINE_SECONDS)
    assert taken is not None
    assert taken.seq == 1
    assert readable(pump), "so that a poller wakes up"
    for _ in range(2):
        with pytest.raises(SubscriberClosed):
            pump.take(DEADLINE_SECONDS)
    assert readable(pump, 0)
    pump.close()


def test_closing_ends_a_thread_that_waits_for_room() -> None:
    incoming = Incoming()
    pump = FramePump("front", incoming.receive, lambda frame: False, keep_all=True)
    for seq in (1, 2):
        incoming.queue.put(Frame(frame_header(seq), b""))
    assert readable(pump)
    descriptor = pump.fileno()
    pump.close()
    pump.close()
    incoming.queue.put(None)
    assert pump.take(DEADLINE_SECONDS) is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.eventfd_read(descriptor)
