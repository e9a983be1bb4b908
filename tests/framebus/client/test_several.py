"""Several cameras in one loop: none holds up another, and frames of one moment find each other."""

import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus import ArgumentError, Frame, Subscriber, SubscriberError, newest, together
from framebus.client.several import FRAMES_KEPT, Matcher
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher, frame_header
from tests.processes import DEADLINE_SECONDS, wait_until

CAMERAS = ("front", "back")


@pytest.fixture
def publishers(run_dir: Path, publish: Publish) -> dict[str, Publisher]:
    return {camera: publish(f"ipc://{run_dir}/{camera}.frames", camera=camera) for camera in CAMERAS}


@pytest.fixture
def subscribers(run_dir: Path, publishers: dict[str, Publisher]) -> Iterator[list[Subscriber]]:
    made = [Subscriber(camera, endpoint=f"ipc://{run_dir}/{camera}.frames", queue=50) for camera in CAMERAS]
    for publisher in publishers.values():
        publisher.subscription()
    yield made
    for subscriber in made:
        subscriber.close()


def publish_soon(publisher: Publisher, *seqs: int) -> threading.Thread:
    def send() -> None:
        for seq in seqs:
            time.sleep(0.01)
            publisher.send(seq)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("descriptors", [False, True])
def test_frames_of_any_camera_are_returned(
    descriptors: bool, publishers: dict[str, Publisher], subscribers: list[Subscriber]
) -> None:
    if descriptors:
        subscribers[0].fileno()
    frames = newest(*subscribers, timeout=DEADLINE_SECONDS)
    for camera, seq in (("front", 1), ("front", 2), ("back", 1), ("front", 3), ("back", 2)):
        publishers[camera].send(seq)
        frame = next(frames)
        assert (frame.camera, frame.seq, frame.missed) == (camera, seq, 0)


def test_a_camera_that_is_away_holds_up_none(run_dir: Path, publishers: dict[str, Publisher]) -> None:
    with (
        Subscriber("front", endpoint=f"ipc://{run_dir}/front.frames", timeout=5, queue=30) as front,
        Subscriber("gone", endpoint=f"ipc://{run_dir}/gone.frames", timeout=5) as gone,
    ):
        publishers["front"].subscription()
        sender = publish_soon(publishers["front"], *range(1, 21))
        frames = newest(front, gone, timeout=DEADLINE_SECONDS)
        assert [next(frames).seq for _ in range(20)] == list(range(1, 21))
        sender.join()
        with pytest.raises(TimeoutError, match=r"\Ano frame of camera front, gone within 0\.05 s\Z"):
            next(newest(gone, front, timeout=0.05))


def test_cameras_take_turns(publishers: dict[str, Publisher], subscribers: list[Subscriber]) -> None:
    frames = newest(*subscribers, timeout=DEADLINE_SECONDS)
    for seq in range(1, 11):
        publishers["front"].send(seq)
    for seq in range(1, 6):
        publishers["back"].send(seq)
        for subscriber in subscribers:
            assert subscriber._connection.subscription.socket.poll(int(1000 * DEADLINE_SECONDS))
        assert {next(frames).camera for _ in CAMERAS} == set(CAMERAS)


@pytest.mark.parametrize("descriptors", [False, True])
def test_a_closed_one_is_left_out(
    descriptors: bool, publishers: dict[str, Publisher], subscribers: list[Subscriber]
) -> None:
    front, back = subscribers
    if descriptors:
        for subscriber in subscribers:
            subscriber.fileno()
    frames = newest(front, back, timeout=DEADLINE_SECONDS)
    publishers["front"].send(1)
    assert next(frames).seq == 1
    front.close()
    publishers["back"].send(2)
    assert next(frames).seq == 2
    threading.Timer(0.05, back.close).start()
    assert list(frames) == []


def test_another_thread_may_not_receive_meanwhile(subscribers: list[Subscriber]) -> None:
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            subscribers[1].receive(DEADLINE_SECONDS)
        except SubscriberError as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(subscribers[1]._connection._lock.locked, "the other thread receives")
    with pytest.raises(SubscriberError, match="the subscriber of camera back is in use by another thread"):
        next(newest(*subscribers))
    for subscriber in subscribers:
        subscriber.close()
    thread.join()


def test_what_cannot_be_received_from_is_refused(subscribers: list[Subscriber]) -> None:
    front, back = subscribers
    nobody: Any = None
    for wrong in ((), (front, front)):
        with pytest.raises(ArgumentError, match=r"\Asubscribers: allowed are one or more, each of them once\Z"):
            newest(*wrong)
    with pytest.raises(ArgumentError, match=r"\ANone: allowed are objects of the class Subscriber\Z"):
        newest(front, nobody)
    with pytest.raises(ArgumentError, match="timeout 'x'"):
        newest(front, timeout="x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"\Atogether: allowed are two subscribers or more\Z"):
        together(front)
    with pytest.raises(ArgumentError, match=r"\Awithin None: allowed are seconds\Z"):
        together(front, back, within=nobody)


# Together


def test_frames_of_one_moment_come_together(publishers: dict[str, Publisher], subscribers: list[Subscriber]) -> None:
    start = time.monotonic()
    for seq in range(1, 6):
        publishers["front"].send(seq, monotonic=start + seq / 30)
        publishers["back"].send(seq + 70, monotonic=start + seq / 30 + 0.015)
    moments = together(*subscribers, timeout=DEADLINE_SECONDS)
    assert [[frame.seq for frame in next(moments)] for _ in range(5)] == [[seq, seq + 70] for seq in range(1, 6)]


def test_frames_of_other_moments_do_not(publishers: dict[str, Publisher], subscribers: list[Subscriber]) -> None:
    start = time.monotonic()
    for seq in range(1, 4):
        publishers["front"].send(seq, monotonic=start + seq / 10)
        publishers["back"].send(seq, monotonic=start + seq / 10 + 0.05)
    moments = together(*subscribers, timeout=0.3)
    with pytest.raises(TimeoutError) as caught:
        next(moments)
    assert str(caught.value) == "no frames of camera back, front of one moment, within 0.02 s, came in 0.3 s"


@pytest.mark.medium
def test_it_goes_on_after_a_timeout(publishers: dict[str, Publisher], subscribers: list[Subscriber]) -> None:
    """A generator would have ended."""
    frames, moments = newest(*subscribers, timeout=0.3), together(*subscribers, timeout=0.3)
    for silent in (frames, moments):
        with pytest.raises(TimeoutError):
            next(silent)
    publishers["front"].send(1)
    assert next(frames).seq == 1
    now = time.monotonic()
    for camera in CAMERAS:
        publishers[camera].send(2, monotonic=now)
    assert [frame.seq for frame in next(moments)] == [2, 2]


@pytest.mark.parametrize("descriptors", [False, True])
def test_the_end_of_one_is_the_end(descriptors: bool, subscribers: list[Subscriber]) -> None:
    if descriptors:
        for subscriber in subscribers:
            subscriber.fileno()
    threading.Timer(0.05, subscribers[0].close).start()
    assert list(together(*subscribers, timeout=DEADLINE_SECONDS)) == []


def test_a_poller_is_woken_when_a_subscriber_with_a_descriptor_is_closed(subscribers: list[Subscriber]) -> None:
    """A second descriptor keeps the file, as a poller does: it is readable after the first is closed."""
    front = subscribers[0]
    front.fileno()
    poller = zmq.Poller()
    front._connection.register(poller)
    copies = [os.dup(descriptor) for descriptor, _ in poller.sockets]
    try:
        assert len(copies) == 2
        assert not select.select(copies, [], [], 0)[0]
        front.close()
        assert select.select(copies, [], [], 0)[0] == copies
    finally:
        for copy in copies:
            os.close(copy)


def frame(seq: int, monotonic: float, captured: float = 0.0) -> Frame:
    return Frame(frame_header(seq, monotonic=monotonic, captured=captured), b"")


def test_the_nearest_counts_and_none_comes_twice() -> None:
    matcher = Matcher(2, 0.02)
    assert matcher.add(0, frame(1, 1.000)) is None
    assert matcher.add(0, frame(2, 1.033)) is None
    found = matcher.add(1, frame(7, 1.030))
    assert found is not None
    assert [near.seq for near in found] == [2, 7]
    assert matcher.add(1, frame(8, 1.035)) is None, "2 was given away, and 1 is older than it"
    assert matcher.add(0, frame(3, 1.040)) is not None


def test_a_clock_that_goes_back_stops_nothing() -> None:
    """As with a recording in a loop, or the wall clock of another machine: what was kept lies in the future then."""
    matcher = Matcher(2, 0.02)
    for seq in range(1, 10):
        assert matcher.add(0, frame(seq, 1000.0 + seq)) is None
    found = []
    for seq in range(1, 10):
        assert matcher.add(0, frame(seq, 5.0 + seq)) is None
        found.append(matcher.add(1, frame(seq, 5.01 + seq)))
    assert [[near.seq for near in moment or ()] for moment in found] == [[seq, seq] for seq in range(1, 10)]


def test_a_camera_without_counterpart_fills_no_memory() -> None:
    matcher = Matcher(2, 0.02)
    for seq in range(1, 1000):
        assert matcher.add(0, frame(seq, float(seq))) is None
    assert len(matcher._kept[0]) == FRAMES_KEPT


def test_between_machines_the_wall_clocks_count() -> None:
    matcher = Matcher(3, 0.02, monotonic=False)
    assert matcher.add(0, frame(1, 5.0, captured=100.0)) is None
    assert matcher.add(1, frame(1, 9000.0, captured=100.01)) is None
    assert matcher.add(2, frame(1, 70.0, captured=99.995)) is not None
