"""A subscriber for asyncio that is closed, left, cancelled or blocked leaves nothing behind and gives no old frame."""

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import AsyncIterator

import pytest

from framebus import AsyncSubscriber, SubscriberClosed
from framebus.protocol.wire import MAX_MESSAGE_BYTES, topic
from tests.framebus.client.silence import assert_silent_async
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher
from tests.framebus.waiting import until
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
async def subscriber(endpoint: str, publisher: Publisher) -> AsyncIterator[AsyncSubscriber]:
    """Subscribed already."""
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        yield subscriber


async def test_a_cancelled_wait_loses_no_frame(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    waiting = asyncio.create_task(subscriber.receive())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    publisher.send(1)
    frame = await subscriber.receive()
    assert (frame.seq, frame.missed) == (1, 0)


async def test_it_may_be_closed_twice_and_unsubscribes(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint) as subscriber:
        assert publisher.subscription() == b"\x01live/front\n"
        subscriber.close()
    subscriber.close()

    assert publisher.subscription() == b"\x00live/front\n"


async def test_closing_ends_the_wait_for_a_frame(endpoint: str) -> None:
    subscriber = AsyncSubscriber("front", endpoint=endpoint)
    waiting = asyncio.create_task(subscriber.receive())
    await asyncio.sleep(0.05)
    subscriber.close()
    with pytest.raises(SubscriberClosed) as error:
        await waiting
    assert str(error.value) == "the subscriber of camera front is closed"


async def test_a_closed_one_says_so(endpoint: str) -> None:
    subscriber = AsyncSubscriber("front", endpoint=endpoint)
    subscriber.close()
    with pytest.raises(SubscriberClosed, match=r"\Athe subscriber of camera front is closed\Z"):
        await subscriber.receive()
    with pytest.raises(SubscriberClosed):
        aiter(subscriber)


async def test_a_loop_that_is_left_frees_its_subscriber(endpoint: str, publisher: Publisher) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for seq in range(1, 4):

        async def watch() -> None:
            async for _ in AsyncSubscriber("front", endpoint=endpoint):
                break

        watching = asyncio.create_task(watch())
        await until(publisher.is_heard)
        assert publisher.subscription() == b"\x01live/front\n"
        publisher.send(seq)
        await watching
        await until(publisher.is_heard)
        assert publisher.subscription() == b"\x00live/front\n", "the camera is left alone again"
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before + 3)


@pytest.mark.slow
async def test_a_task_that_is_cancelled_frees_its_subscriber(endpoint: str, publisher: Publisher) -> None:
    async def watch() -> None:
        async for _ in AsyncSubscriber("front", endpoint=endpoint):
            pass

    watching = asyncio.create_task(watch())
    await until(publisher.is_heard)
    assert publisher.subscription() == b"\x01live/front\n"
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    del watching

    def freed() -> bool:
        gc.collect()
        return publisher.is_heard()

    await until(freed)
    assert publisher.subscription() == b"\x00live/front\n"


async def test_several_tasks_may_wait_and_each_frame_goes_to_one(
    publisher: Publisher, subscriber: AsyncSubscriber
) -> None:
    waiting = [asyncio.create_task(subscriber.receive()) for _ in range(2)]
    await asyncio.sleep(0.01)
    publisher.send(1)
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result().seq for task in done] == [1]
    publisher.send(2)
    assert {(await task).seq for task in waiting} == {1, 2}


@pytest.mark.slow
async def test_a_frame_older_than_asked_for_is_skipped_and_counted(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS, max_age=2) as subscriber:
        publisher.subscription()
        publisher.send(1, monotonic=time.monotonic() - 3)
        await assert_silent_async(subscriber)
        publisher.send(3)
        frame = await subscriber.receive()
    assert (frame.seq, frame.missed, subscriber.missed) == (3, 2, 2)


@pytest.mark.slow
async def test_a_frame_that_grew_old_before_it_was_taken_is_skipped(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS, max_age=0.2) as subscriber:
        publisher.subscription()
        publisher.send(1)
        await asyncio.sleep(0.4)
        await assert_silent_async(subscriber)
        frame = None
        for seq in range(2, 2 + int(DEADLINE_SECONDS)):  # on a busy machine, one or the other is too old as well
            publisher.send(seq)
            with contextlib.suppress(TimeoutError):
                frame = await subscriber.receive(1)
                break
    assert frame is not None
    assert subscriber.missed == frame.seq - 1


async def test_after_a_blocked_loop_a_frame_of_a_capture_that_has_ended_is_not_the_newest(
    publisher: Publisher, subscriber: AsyncSubscriber, endpoint: str, publish: Publish
) -> None:
    publisher.send(1)
    await subscriber.receive()
    publisher.send(2, monotonic=time.monotonic() - 4)
    time.sleep(0.1)  # noqa: ASYNC251  (the loop is blocked)
    publisher.close()
    restarted = publish(endpoint, epoch="second")
    monitor = subscriber._connection.subscription.socket.monitor_socket
    assert monitor is not None
    assert monitor.poll(int(DEADLINE_SECONDS * 1000))
    waiting = asyncio.create_task(subscriber.receive())
    await until(restarted.is_heard)
    restarted.send(1)
    frame = await waiting

    assert (frame.epoch, frame.seq) == ("second", 1)


@pytest.mark.slow
async def test_a_message_over_the_limit_ends_no_subscription(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    publisher.send_message(topic("live", "front") + bytes(2 * MAX_MESSAGE_BYTES))
    await until(publisher.is_heard)
    assert publisher.subscription() == b"\x00live/front\n"
    await until(publisher.is_heard)
    assert publisher.subscription() == b"\x01live/front\n"
    publisher.send(1)
    assert (await subscriber.receive()).seq == 1
