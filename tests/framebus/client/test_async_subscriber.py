"""The subscriber for asyncio gives what the other one gives, with the same figures."""

import asyncio
import itertools
import pickle
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zmq

from framebus import AsyncSubscriber, ConfigError, Frame
from framebus.protocol.wire import MAX_MESSAGE_BYTES, pack, topic
from tests.conftest import Configure
from tests.framebus.client.silence import assert_silent_async
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import JPEG, from_later_now
from tests.framebus.publisher import Publisher, frame_header
from tests.framebus.waiting import until
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
async def subscriber(endpoint: str, publisher: Publisher) -> AsyncIterator[AsyncSubscriber]:
    """Subscribed already."""
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        yield subscriber


# Frames


async def test_a_frame_comes_as_it_was_sent(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    header = publisher.send(1, width=640, camera_metadata={"Gain": 2.5})

    frame = await subscriber.receive()

    assert (frame.header, frame.jpeg, frame.missed, frame.same_host) == (header, JPEG, 0, True)


async def test_a_loop_gets_frame_after_frame(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    publisher.send(1)
    seqs = []
    async for frame in subscriber:
        seqs.append(frame.seq)
        if frame.seq == 5:
            break
        publisher.send(frame.seq + 1)

    assert seqs == [1, 2, 3, 4, 5]
    assert subscriber.missed == 0


@pytest.mark.parametrize("busy", [False, True], ids=["while the loop runs", "while the loop is blocked"])
async def test_a_slow_reader_gets_the_newest_and_is_told_what_it_missed(
    busy: bool, publisher: Publisher, subscriber: AsyncSubscriber
) -> None:
    seqs = itertools.count(1)
    publisher.send(next(seqs))
    taken: list[Frame] = [await subscriber.receive()]
    newest = taken[0]

    async with asyncio.timeout(DEADLINE_SECONDS):
        while taken[-1].seq != newest.seq or len(taken) == 1:
            newest = Frame([publisher.send(next(seqs)) for _ in range(20)][-1], JPEG)
            if busy:
                time.sleep(0.2)  # noqa: ASYNC251  (that is the point)
            else:
                await asyncio.sleep(0.2)
            taken.append(await subscriber.receive())

    assert subscriber.missed == sum(frame.missed for frame in taken) == taken[-1].seq - len(taken)
    assert subscriber.missed >= 18


async def test_what_was_replaced_before_it_was_taken_counts_as_missed(
    publisher: Publisher, subscriber: AsyncSubscriber
) -> None:
    seqs = iter(range(1, 1_000_000))
    publisher.send(next(seqs))
    await subscriber.receive()

    async with asyncio.timeout(DEADLINE_SECONDS):
        for seq in seqs:  # a few at a time, so that ZeroMQ's own conflation has nothing to do
            publisher.send(seq)
            await asyncio.sleep(0.02)
            if subscriber.missed >= 5:
                break
    frame = await subscriber.receive()

    assert frame.missed == subscriber.missed == frame.seq - 2


async def test_frames_that_were_never_sent_are_missed(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    publisher.send(7)
    first = await subscriber.receive()
    publisher.send(11)
    second = await subscriber.receive()

    assert (first.missed, second.missed, subscriber.missed) == (0, 3, 3)


@pytest.mark.slow
async def test_a_repeat_is_ignored(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    publisher.send(1)
    await subscriber.receive()
    publisher.send(1)

    await assert_silent_async(subscriber)
    publisher.send(2)
    assert (await subscriber.receive()).missed == 0


async def test_a_frame_of_a_later_version_1_is_a_frame(publisher: Publisher, subscriber: AsyncSubscriber) -> None:
    publisher.send_message(from_later_now())

    assert (await subscriber.receive()).seq == 42


@pytest.mark.slow
async def test_it_may_be_made_before_its_publisher(endpoint: str, publish: Publish) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        await assert_silent_async(subscriber)
        publisher = publish(endpoint)
        publisher.subscription()
        publisher.send(1)

        assert (await subscriber.receive()).seq == 1


async def test_it_goes_on_after_its_publisher_was_restarted(
    publisher: Publisher, subscriber: AsyncSubscriber, endpoint: str, publish: Publish
) -> None:
    publisher.send(500)
    assert (await subscriber.receive()).seq == 500
    publisher.close()

    restarted = publish(endpoint, epoch="second")
    await until(restarted.is_heard)  # without a receive, the loop alone subscribes again
    restarted.send(1)
    frame = await subscriber.receive()

    assert (frame.epoch, frame.seq, frame.missed, subscriber.missed) == ("second", 1, 0, 0)


# Topics


async def test_a_rendition_is_what_is_subscribed_to(endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", rendition="quarter", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01quarter/front\n"
        publisher.send(1)
        publisher.send(2, "quarter", width=4)
        frame = await subscriber.receive()
        assert (frame.seq, frame.width) == (2, 4)
        async with pickle.loads(pickle.dumps(subscriber)):
            assert publisher.subscription() == b"\x01quarter/front\n"


@pytest.mark.parametrize("kind", ["live", "peek"])
async def test_it_asks_for_its_topic(kind: str, endpoint: str, publisher: Publisher) -> None:
    async with AsyncSubscriber("front", kind="peek" if kind == "peek" else "live", endpoint=endpoint):
        assert publisher.subscription() == f"\x01{kind}/front\n".encode()


# What is no frame


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (topic("live", "front"), "message with 1 line ends, expected 2 or more: 'live/front\\n'"),
        (b'live/front\n{"v":2}\n', "version '2' of the wire format, this program reads version 1"),
        (
            pack("live", "front", frame_header(camera="back"), JPEG),
            "header of camera back in a message for camera front",
        ),
        (
            b"live/front\n{}\n".ljust(MAX_MESSAGE_BYTES + 1, b"x"),
            "message of 33554433 bytes, allowed: at most 33554432",
        ),
    ],
    ids=["short", "version", "camera", "size"],
)
async def test_a_malformed_message_is_dropped_and_logged(
    message: bytes, text: str, publisher: Publisher, subscriber: AsyncSubscriber, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.send_message(message)
    await until(lambda: caplog.messages)
    assert caplog.messages == [f"1 malformed messages dropped (1 in all): {text}"]

    publisher.send(1)
    assert (await subscriber.receive()).seq == 1


# Waiting


async def test_silence_ends_in_a_timeout(subscriber: AsyncSubscriber) -> None:
    with pytest.raises(TimeoutError) as caught:
        await subscriber.receive(0.05)
    assert str(caught.value) == "no frame of camera front within 0.05 s"


async def test_a_subscriber_may_have_a_timeout_of_its_own(endpoint: str) -> None:
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=0.25) as subscriber:
        with pytest.raises(TimeoutError) as caught:
            await anext(subscriber)
        assert str(caught.value) == (
            "no frame of camera front within 0.25 s: "
            f"{endpoint.removeprefix('ipc://')} does not exist; its process is not running"
        )


# Age


async def test_tcp_works_and_takes_the_age_from_the_wall_clocks(free_port: int, publish: Publish) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    publisher = publish(endpoint)
    async with AsyncSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        before = time.time()
        publisher.send(1, monotonic=0, captured=before - 5)
        frame = await subscriber.receive()

        assert not frame.same_host
        assert 4.999 < frame.age <= 5.001 + time.time() - before


# Where


async def test_the_configuration_says_where_the_camera_is(configure: Configure, publish: Publish) -> None:
    config = configure()
    publisher = publish(f"ipc://{config.run_dir}/front.frames")
    async with AsyncSubscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        publisher.send(1)

        assert (await subscriber.receive()).seq == 1


async def test_a_mistake_in_the_configuration_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory; allowed: a file that can be read"):
        AsyncSubscriber("front", config=tmp_path / "none.toml")


async def test_a_name_that_no_camera_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\Acamera 'Front': allowed are 1 to 32 of a-z, 0-9, - and _, the first a"):
        AsyncSubscriber("Front", endpoint="ipc:///nowhere")


async def test_a_bad_endpoint_is_refused() -> None:
    with pytest.raises(zmq.ZMQError, match="Invalid argument"):
        AsyncSubscriber("front", endpoint="nowhere")
