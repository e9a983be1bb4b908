"""With a queue, every frame comes in order, and what does not fit is counted; without one nothing has changed."""

import asyncio
import contextlib
import itertools
import pickle
import select
import threading
import time
from pathlib import Path

import pytest

from framebus import AsyncSubscriber, Frame, Subscriber
from framebus.protocol.wire import pack
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import Publisher, frame_header
from tests.processes import DEADLINE_SECONDS, wait_until

LARGE_BYTES = 160_000


@pytest.fixture
def publisher(endpoint: str, publish: Publish) -> Publisher:
    return publish(endpoint, most=20)


def send_paced(publisher: Publisher, first: int, last: int, pause_seconds: float = 0.002) -> None:
    """Publish these frames, each of LARGE_BYTES, with time for libzmq to notice that it has sent the one before."""
    for seq in range(first, last + 1):
        publisher.send_message(pack("live", "front", frame_header(seq), JPEG.ljust(LARGE_BYTES, b"\0") + b"\xff\xd9"))
        time.sleep(pause_seconds)


def next_frame(publisher: Publisher, subscriber: Subscriber, seq: int) -> Frame:
    """The next frame; publishes this one until some frame comes, as it is lost while the queue is full."""
    while True:
        send_paced(publisher, seq, seq)
        with contextlib.suppress(TimeoutError):
            return subscriber.receive(0.2)


@pytest.mark.slow
def test_a_reader_that_stalls_gets_every_frame_in_order(endpoint: str, publish: Publish) -> None:
    publisher = publish(endpoint)
    with Subscriber("front", endpoint=endpoint, queue=300, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        send_paced(publisher, 1, 120)
        frames = [subscriber.receive() for _ in range(120)]

    assert [frame.seq for frame in frames] == list(range(1, 121))
    assert subscriber.missed == 0


@pytest.mark.slow
def test_what_does_not_fit_into_the_queue_is_lost_and_counted(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", endpoint=endpoint, queue=10, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as other:
            publisher.subscription()
            send_paced(publisher, 1, 200)
            # Its newest may be older at first: libzmq drops what it cannot pass on in time.
            wait_until(lambda: next_frame(publisher, other, 201).seq >= 190, "another subscriber is not held up")
        frames: list[Frame] = []
        while not frames or frames[-1].seq < 202:
            frames.append(next_frame(publisher, subscriber, 202))

    seqs = [frame.seq for frame in frames]
    assert seqs == sorted(set(seqs))
    assert seqs[:10] == list(range(1, 11)), "the oldest are kept"
    assert len(seqs) < 60
    assert subscriber.missed == sum(frame.missed for frame in frames) == 202 - len(seqs)


@pytest.mark.slow
def test_the_queue_outlives_the_end_of_its_camera(endpoint: str, publisher: Publisher, publish: Publish) -> None:
    """Frames that are seconds old, of a capture process that has ended, are what a recorder wants."""
    with Subscriber("front", endpoint=endpoint, queue=20, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        publisher.send(1, monotonic=time.monotonic() - 5)
        assert subscriber.receive().seq == 1
        for seq in (2, 3, 4):
            publisher.send(seq, monotonic=time.monotonic() - 5)
            time.sleep(0.01)
        socket = subscriber._connection.subscription.socket
        wait_until(lambda: socket.poll(0), "a frame waits")
        time.sleep(0.2)  # the other two are on their way through the kernel
        publisher.close()
        restarted = publish(endpoint, epoch="second")
        monitor = socket.monitor_socket
        assert monitor is not None
        wait_until(lambda: monitor.poll(0), "the end is noticed")
        frames = [subscriber.receive() for _ in range(3)]
        received: list[Frame] = []
        thread = threading.Thread(target=lambda: received.append(subscriber.receive()))
        thread.start()
        restarted.subscription()
        restarted.send(1)
        thread.join()

    assert [(frame.epoch, frame.seq) for frame in frames + received] == [
        ("first", 2),
        ("first", 3),
        ("first", 4),
        ("second", 1),
    ]


async def test_with_asyncio_it_is_the_same(endpoint: str, publish: Publish) -> None:
    publisher = publish(endpoint)
    async with AsyncSubscriber("front", endpoint=endpoint, queue=100, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        send_paced(publisher, 1, 30)  # this blocks the loop
        publisher.send(31)
        seqs = []
        async for frame in subscriber:
            seqs.append(frame.seq)
            if frame.seq == 31:
                break

    assert seqs == list(range(1, 32))
    assert subscriber.missed == 0


@pytest.mark.medium
async def test_with_asyncio_the_queue_is_limited_as_well(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, queue=5, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        for first in range(1, 200, 10):
            send_paced(publisher, first, first + 9)
            await asyncio.sleep(0.01)  # the loop runs, and must not read on
        frames: list[Frame] = []
        while not frames or frames[-1].seq < 201:
            send_paced(publisher, 201, 201)
            with contextlib.suppress(TimeoutError):
                frames.append(await subscriber.receive(0.2))

    assert [frame.seq for frame in frames][:5] == [1, 2, 3, 4, 5]
    assert len(frames) < 60
    assert subscriber.missed == 201 - len(frames)


@pytest.mark.medium
async def test_a_full_queue_lets_the_loop_sleep(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, queue=5, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        for first in range(1, 50, 10):
            send_paced(publisher, first, first + 9)
            await asyncio.sleep(0.01)
        began = time.process_time()
        await asyncio.sleep(0.5)
        assert time.process_time() - began < 0.2
        assert (await subscriber.receive()).seq == 1


async def test_a_long_queue_leaves_the_loop_to_others(endpoint: str, publish: Publish) -> None:
    publisher = publish(endpoint)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with AsyncSubscriber("front", endpoint=endpoint, queue=100, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        send_paced(publisher, 1, 50)  # this blocks the loop
        task = asyncio.create_task(other())
        async for frame in subscriber:
            if frame.seq == 50:
                break
        task.cancel()

    assert turns >= 40


def test_a_pickled_subscriber_has_the_queue_as_well(endpoint: str) -> None:
    with Subscriber("front", endpoint=endpoint, queue=7) as subscriber, pickle.loads(pickle.dumps(subscriber)) as copy:
        assert copy._connection.subscription.options.queue == 7


@pytest.mark.parametrize("keep", [0, 100])
def test_a_descriptor_is_readable_exactly_while_a_frame_waits(keep: int, endpoint: str, publisher: Publisher) -> None:
    """That of ZeroMQ is not: it tells of an edge once."""
    with Subscriber("front", endpoint=endpoint, queue=keep, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        descriptor = subscriber.fileno()
        epoll = select.epoll()
        epoll.register(descriptor, select.EPOLLIN)

        def readable(seconds: float) -> bool:
            by_select = bool(select.select([subscriber], [], [], seconds)[0])
            assert bool(epoll.poll(0)) == by_select
            return by_select

        assert not readable(0)
        for seq in (1, 2, 3):
            publisher.send(seq)
            time.sleep(0.01)
        assert readable(DEADLINE_SECONDS)
        assert readable(0), "it tells of a level"
        if keep:
            assert [subscriber.receive(0).seq, subscriber.receive().seq] == [1, 2]
            assert readable(DEADLINE_SECONDS)
        while (frame := subscriber.receive()).seq < 3:
            assert not keep, "without a queue, the last frame may come a moment after the one before"
        assert frame.seq == 3
        assert not readable(0)
        with pytest.raises(TimeoutError):
            subscriber.receive(0)
        publisher.send(5)
        assert readable(DEADLINE_SECONDS)
        frame = subscriber.receive(0)
        assert (frame.seq, frame.missed) == (5, 1)
        assert keep == 0 or subscriber.missed == 1
        epoll.close()


async def test_the_loop_of_asyncio_can_wait_for_it(endpoint: str, publisher: Publisher) -> None:
    loop = asyncio.get_running_loop()
    seqs: asyncio.Queue[int] = asyncio.Queue()
    with Subscriber("front", endpoint=endpoint) as subscriber:
        publisher.subscription()
        loop.add_reader(subscriber.fileno(), lambda: seqs.put_nowait(subscriber.receive(0).seq))
        for seq in range(1, 6):
            send_paced(publisher, seq, seq)
            assert await asyncio.wait_for(seqs.get(), DEADLINE_SECONDS) == seq
        loop.remove_reader(subscriber.fileno())


def test_a_subscriber_with_a_descriptor_closes_like_another(endpoint: str, publisher: Publisher) -> None:
    for _ in range(3):
        subscriber = Subscriber("front", endpoint=endpoint)
        assert publisher.subscription() == b"\x01live/front\n"
        assert subscriber.fileno() == subscriber.fileno()
        waiting = threading.Thread(target=lambda reader=subscriber: list(reader))
        waiting.start()
        subscriber.close()
        waiting.join(DEADLINE_SECONDS)
        assert not waiting.is_alive()
        assert publisher.subscription() == b"\x00live/front\n"
        wait_until(
            lambda: not any(thread.name == "frames-front" for thread in threading.enumerate()), "its thread has ended"
        )


def test_a_dropped_subscriber_with_a_descriptor_is_closed(endpoint: str, publisher: Publisher) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    subscriber = Subscriber("front", endpoint=endpoint)
    publisher.subscription()
    subscriber.fileno()
    del subscriber
    assert publisher.subscription() == b"\x00live/front\n"
    wait_until(
        lambda: len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 8, "the descriptors are closed again"
    )


@pytest.mark.slow
def test_a_frame_that_waits_behind_a_descriptor_may_become_too_old(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", endpoint=endpoint, max_age=0.2) as subscriber:
        publisher.subscription()
        subscriber.fileno()
        publisher.send(1)
        assert select.select([subscriber], [], [], DEADLINE_SECONDS)[0]
        time.sleep(0.3)
        with pytest.raises(TimeoutError):
            subscriber.receive(0)
        received: list[Frame] = []
        seqs = itertools.count(2)

        def comes() -> bool:
            """On a busy machine, one or the other is too old as well."""
            publisher.send(next(seqs))
            with contextlib.suppress(TimeoutError):
                received.append(subscriber.receive(1))
            return bool(received)

        wait_until(comes, "a frame that is new enough")
        assert received[0].missed == subscriber.missed == received[0].seq - 1
