"""The thread makes renditions of the newest frame, one at a time, and never holds up who offers them."""

import logging
import os
import select
import threading
from collections.abc import Collection, Iterator, Mapping

import pytest

from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import FrameHeader, RenditionCounts, parse, retopic
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.picture import Picture
from framebus.publishing.rendition_thread import Encode, RenditionThread
from tests.capture.jpegs import jpeg
from tests.processes import DEADLINE_SECONDS

JPEG = jpeg((64, 48))


def frame(seq: int, picture: bytes = JPEG) -> Published:
    taken = Picture(picture, 1.0, float(seq))
    return FrameBuilder("front", "e1").build(taken, seq, source="scripted", orientation=1, dropped=0, kind="live")


def broken(seq: int) -> Published:
    """A frame whose markers are in order, of a hierarchical JPEG, which libjpeg does not decode."""
    return frame(seq, JPEG[: JPEG.index(b"\xff\xc0")] + b"\xff\xc5" + JPEG[JPEG.index(b"\xff\xc0") + 2 :])


class Gate:
    """An encoder that waits until it is let go on."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.released = threading.Semaphore(0)
        self.calls: list[tuple[int, set[Rendition]]] = []

    def __call__(
        self, source: Published, renditions: Collection[Rendition], quality: int
    ) -> Mapping[Rendition, Published]:
        self.calls.append((source.header.seq, set(renditions)))
        self.begun.release()
        assert self.released.acquire(timeout=DEADLINE_SECONDS)
        return {each: Published(source.header, retopic(source.message, each, "front"), each) for each in renditions}


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def made(gate: Gate) -> Iterator[RenditionThread]:
    """With the encoder that waits."""
    yield from running(gate)


@pytest.fixture
def thread() -> Iterator[RenditionThread]:
    """With the real encoder."""
    yield from running(None)


def running(encode: Encode | None) -> Iterator[RenditionThread]:
    thread = RenditionThread("front", 60, encode)
    yield thread
    if isinstance(encode, Gate):
        for _ in range(8):
            encode.released.release()
    thread.stop()
    assert not any(each.name == "renditions-front" for each in threading.enumerate())


def take(thread: RenditionThread) -> list[Published]:
    assert select.select([thread], [], [], DEADLINE_SECONDS)[0], "no rendition was made"
    return thread.take()


def test_a_frame_waits_as_long_as_it_is_told_but_no_longer_than_the_one_that_it_replaces(
    made: RenditionThread, gate: Gate
) -> None:
    made.offer(frame(1), ["half"], after_seconds=3600.0)
    assert not gate.begun.acquire(timeout=0.05)
    made.offer(frame(2), ["quarter"])
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    made.offer(frame(3), ["half"])
    made.offer(frame(4), ["half"], after_seconds=3600.0)
    gate.released.release()
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    assert gate.calls == [(2, {"half", "quarter"}), (4, {"half"})]


def test_the_thread_ends_while_a_frame_waits(gate: Gate) -> None:
    thread = RenditionThread("front", 60, gate, stop_timeout=DEADLINE_SECONDS)
    thread.offer(frame(1), ["half"], after_seconds=3600.0)
    thread.stop()
    assert not any(each.name == "renditions-front" for each in threading.enumerate())
    assert gate.calls == []


def test_there_is_no_thread_before_a_frame_is_offered(thread: RenditionThread) -> None:
    assert not any(each.name == "renditions-front" for each in threading.enumerate())
    assert not select.select([thread], [], [], 0)[0]
    assert thread.counts == {"half": RenditionCounts(made=0), "quarter": RenditionCounts(made=0)}


def test_what_was_asked_for_is_made(thread: RenditionThread) -> None:
    thread.offer(frame(1), ["half"])
    (half,) = take(thread)
    assert (half.kind, half.header.seq, half.header.width, half.header.height) == ("half", 1, 32, 24)
    thread.offer(frame(2), RENDITIONS)
    assert [(each.kind, each.header.seq, each.header.width) for each in take(thread)] == [
        ("half", 2, 32),
        ("quarter", 2, 16),
    ]
    assert thread.counts == {"half": RenditionCounts(made=2), "quarter": RenditionCounts(made=1)}


def test_a_frame_that_waits_is_replaced_by_a_newer_one(made: RenditionThread, gate: Gate) -> None:
    made.offer(frame(1), ["half"])
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    made.offer(frame(2), ["quarter"])
    for seq in (3, 4, 5):
        made.offer(frame(seq), ["half"])
    gate.released.release()
    assert [each.header.seq for each in take(made)] == [1]
    gate.released.release()
    assert {(each.kind, each.header.seq) for each in take(made)} == {("half", 5), ("quarter", 5)}
    assert gate.calls == [(1, {"half"}), (5, {"half", "quarter"})]


def test_of_several_that_were_not_taken_the_newest_is_left(made: RenditionThread, gate: Gate) -> None:
    for seq in (1, 2, 3):
        gate.released.release()
        made.offer(frame(seq), ["half"])
        assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    made.offer(frame(4), ["half"])
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)  # 3 is done now
    assert [each.header.seq for each in take(made)] == [3]


def test_a_frame_that_cannot_be_made_smaller_is_sent_as_it_is_and_counted(
    thread: RenditionThread, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source = broken(1)
    thread.offer(source, ["half"])
    (sent,) = take(thread)
    parts, header = parse(sent.message, FrameHeader)
    assert (parts.kind, sent.kind, header, parts.body) == ("half", "half", source.header, source.jpeg)
    assert thread.counts["half"] == RenditionCounts(made=0, failed=1)
    assert caplog.messages[0].startswith("1 frames that could not be made smaller (1 in all): ")
    thread.offer(frame(2), ["half"])
    assert take(thread)[0].header.width == 32


def test_the_end_does_not_wait_for_a_frame_that_takes_long(gate: Gate) -> None:
    thread = RenditionThread("front", 60, gate, stop_timeout=0.05)
    thread.offer(frame(1), ["half"])
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    thread.stop()
    gate.released.release()


def test_the_descriptor_is_closed_where_no_frame_was_offered() -> None:
    thread = RenditionThread("front", 60)
    assert is_open(descriptor := thread.fileno())
    thread.stop()
    thread.stop()
    assert not is_open(descriptor)


def test_the_descriptor_is_closed_behind_a_thread_that_has_ended(gate: Gate) -> None:
    thread = RenditionThread("front", 60, gate)
    gate.released.release()
    thread.offer(frame(1), ["half"])
    assert take(thread)
    descriptor = thread.fileno()
    thread.stop()
    assert not is_open(descriptor)


def test_a_thread_that_ends_late_closes_the_descriptor(gate: Gate) -> None:
    thread = RenditionThread("front", 60, gate, stop_timeout=0)
    thread.offer(frame(1), ["half"])
    assert gate.begun.acquire(timeout=DEADLINE_SECONDS)
    descriptor = thread.fileno()
    thread.stop()
    assert is_open(descriptor), "the thread may still write into it"
    gate.released.release()
    thread._thread.join(DEADLINE_SECONDS)
    assert not is_open(descriptor)


def is_open(descriptor: int) -> bool:
    return os.path.exists(f"/proc/self/fd/{descriptor}")
