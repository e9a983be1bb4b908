"""Several cameras in one loop of asyncio: as with threads, and nothing is lost with a task that is cancelled."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from framebus import ArgumentError, AsyncSubscriber, Subscriber, SubscriberError, newest_async, together_async
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher
from tests.processes import DEADLINE_SECONDS

CAMERAS = ("front", "back")


@pytest.fixture
def publishers(run_dir: Path, publish: Publish) -> dict[str, Publisher]:
    return {camera: publish(f"ipc://{run_dir}/{camera}.frames", camera=camera) for camera in CAMERAS}


@pytest.fixture
async def subscribers(run_dir: Path, publishers: dict[str, Publisher]) -> AsyncIterator[list[AsyncSubscriber]]:
    made = [AsyncSubscriber(camera, endpoint=f"ipc://{run_dir}/{camera}.frames", queue=50) for camera in CAMERAS]
    for publisher in publishers.values():
        publisher.subscription()
    yield made
    for subscriber in made:
        subscriber.close()


async def test_frames_of_any_camera_are_returned(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    frames = newest_async(*subscribers, timeout=DEADLINE_SECONDS)
    for camera, seq in (("front", 1), ("front", 2), ("back", 1), ("front", 3), ("back", 2)):
        publishers[camera].send(seq)
        frame = await anext(frames)
        assert (frame.camera, frame.seq, frame.missed) == (camera, seq, 0)


async def test_a_frame_wakes_the_one_who_waits(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    frames = newest_async(*subscribers, timeout=DEADLINE_SECONDS)
    for seq, camera in enumerate(("back", "front", "back"), 1):
        waiting = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        publishers[camera].send(seq)
        assert (await waiting).camera == camera


async def test_a_camera_that_is_away_holds_up_none(
    run_dir: Path, publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    async with AsyncSubscriber("gone", endpoint=f"ipc://{run_dir}/gone.frames") as gone:
        for seq in range(1, 21):
            publishers["front"].send(seq)
        frames = newest_async(subscribers[0], gone, timeout=DEADLINE_SECONDS)
        assert [(await anext(frames)).seq for _ in range(20)] == list(range(1, 21))
        silent = newest_async(gone, subscribers[0], timeout=0.05)
        with pytest.raises(TimeoutError, match=r"\Ano frame of camera front, gone within 0\.05 s\Z"):
            await anext(silent)
        publishers["front"].send(21)
        silent = newest_async(gone, subscribers[0], timeout=DEADLINE_SECONDS)
        assert (await anext(silent)).seq == 21


async def test_cameras_take_turns(publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]) -> None:
    frames = newest_async(*subscribers, timeout=DEADLINE_SECONDS)
    for seq in range(1, 11):
        publishers["front"].send(seq)
    for seq in range(1, 6):
        publishers["back"].send(seq)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while any(subscriber._connection._has_room() for subscriber in subscribers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert {(await anext(frames)).camera for _ in CAMERAS} == set(CAMERAS)


async def test_a_closed_one_is_left_out(publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]) -> None:
    front, back = subscribers
    frames = newest_async(front, back, timeout=DEADLINE_SECONDS)
    publishers["front"].send(1)
    assert (await anext(frames)).seq == 1
    front.close()
    publishers["back"].send(2)
    assert (await anext(frames)).seq == 2
    asyncio.get_running_loop().call_later(0.05, back.close)
    assert [frame async for frame in frames] == []
    assert [frame async for frame in frames] == []


async def test_one_who_is_cancelled_loses_no_frame(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    """A generator would have ended with the first one."""
    frames = newest_async(*subscribers)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(frames), 0.02)
    for seq in range(1, 4):
        publishers["front"].send(seq)
    assert [(await asyncio.wait_for(anext(frames), DEADLINE_SECONDS)).seq for _ in range(3)] == [1, 2, 3]


async def test_two_tasks_share_the_frames(publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]) -> None:
    frames = newest_async(*subscribers, timeout=DEADLINE_SECONDS)
    seen: list[int] = []

    async def take() -> None:
        async for frame in frames:
            seen.append(frame.seq)
            if len(seen) == 20:
                for subscriber in subscribers:
                    subscriber.close()

    tasks = [asyncio.ensure_future(take()) for _ in range(2)]
    for seq in range(1, 21):
        publishers["front"].send(seq)
        await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE_SECONDS)
    assert sorted(seen) == list(range(1, 21))


async def test_the_loop_goes_on_while_a_queue_is_read(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    frames = newest_async(*subscribers, timeout=DEADLINE_SECONDS)
    for seq in range(1, 21):
        publishers["front"].send(seq)
    await asyncio.sleep(0.1)
    counting = asyncio.ensure_future(count())
    assert [(await anext(frames)).seq for _ in range(20)] == list(range(1, 21))
    counting.cancel()
    assert turns >= 20


def test_another_loop_is_refused(run_dir: Path, publishers: dict[str, Publisher]) -> None:
    front, back = (AsyncSubscriber(camera, endpoint=f"ipc://{run_dir}/{camera}.frames") for camera in CAMERAS)

    async def receive() -> None:
        await anext(newest_async(front, back, timeout=0.01))

    for _ in range(2):
        # In a thread: asyncio.run would drop the loop that pytest-asyncio left in this one, unclosed.
        with pytest.raises((TimeoutError, SubscriberError)) as caught, ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(asyncio.run, receive()).result()
    assert str(caught.value) == "the subscriber of camera front belongs to another event loop"
    front.close()
    back.close()


async def test_what_cannot_be_received_from_is_refused(run_dir: Path, subscribers: list[AsyncSubscriber]) -> None:
    front, back = subscribers
    nobody: Any = None
    for wrong in ((), (front, front)):
        with pytest.raises(ArgumentError, match=r"\Asubscribers: allowed are one or more, each of them once\Z"):
            newest_async(*wrong)
    with Subscriber("front", endpoint=f"ipc://{run_dir}/front.frames") as other:
        refused: Any
        for refused in (nobody, other):
            with pytest.raises(ArgumentError, match=r": allowed are objects of the class AsyncSubscriber\Z"):
                newest_async(front, refused)
    with pytest.raises(ArgumentError, match="timeout 'x'"):
        newest_async(front, timeout="x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"\Atogether: allowed are two subscribers or more\Z"):
        together_async(front)
    with pytest.raises(ArgumentError, match=r"\Awithin None: allowed are seconds\Z"):
        together_async(front, back, within=nobody)


# Together


async def test_frames_of_one_moment_come_together(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    start = time.monotonic()
    for seq in range(1, 6):
        publishers["front"].send(seq, monotonic=start + seq / 30)
        publishers["back"].send(seq + 70, monotonic=start + seq / 30 + 0.015)
    moments = together_async(*subscribers, timeout=DEADLINE_SECONDS)
    seqs = [[frame.seq for frame in await anext(moments)] for _ in range(5)]
    assert seqs == [[seq, seq + 70] for seq in range(1, 6)]


@pytest.mark.medium
async def test_frames_of_other_moments_do_not(
    publishers: dict[str, Publisher], subscribers: list[AsyncSubscriber]
) -> None:
    start = time.monotonic()
    for seq in range(1, 4):
        publishers["front"].send(seq, monotonic=start + seq / 10)
        publishers["back"].send(seq, monotonic=start + seq / 10 + 0.05)
    moments = together_async(*subscribers, timeout=0.3)
    with pytest.raises(TimeoutError) as caught:
        await anext(moments)
    assert str(caught.value) == "no frames of camera back, front of one moment, within 0.02 s, came in 0.3 s"
    for camera in CAMERAS:
        publishers[camera].send(4, monotonic=start + 0.5)
    assert [frame.seq for frame in await anext(moments)] == [4, 4], "it goes on after a timeout"


async def test_the_end_of_one_is_the_end(subscribers: list[AsyncSubscriber]) -> None:
    asyncio.get_running_loop().call_later(0.05, subscribers[0].close)
    assert [moment async for moment in together_async(*subscribers, timeout=DEADLINE_SECONDS)] == []
    assert [moment async for moment in together_async(*subscribers)] == []
