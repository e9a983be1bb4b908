"""The subscribers of events, against a real publisher: each message once, in order, and an end to every start."""

import asyncio
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus import AsyncEventSubscriber, EventHeader, EventSubscriber, SubscriberClosed
from framebus.client.async_event_subscriber import AsyncEventConnection
from framebus.client.event_subscription import EventOptions, EventSubscription
from framebus.config.load import ConfigError
from framebus.errors import ArgumentError
from framebus.protocol.events import Phase
from framebus.protocol.wire import pack
from tests.conftest import Configure
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import EVENT
from tests.framebus.publisher import Publisher
from tests.processes import DEADLINE_SECONDS


def event(phase: Phase, published: float, camera: str = "front", id: str = "a", **changes: Any) -> EventHeader:
    return msgspec.structs.replace(EVENT, phase=phase, published=published, camera=camera, id=id, **changes)


def send(publisher: Publisher, header: EventHeader) -> None:
    publisher.send_message(pack("event", header.camera, header))


@pytest.fixture
def endpoint(run_dir: Path) -> str:
    return f"ipc://{run_dir}/events"


@pytest.fixture
def publisher(endpoint: str, publish: Publish) -> Publisher:
    return publish(endpoint)


def test_a_slow_reader_gets_each_message_once_and_in_order(endpoint: str, publisher: Publisher) -> None:
    messages = [event("start", 1), event("update", 2), event("end", 3), event("start", 4, id="b")]
    with EventSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01event/front\n"
        for header in messages:
            send(publisher, header)
            send(publisher, header)
            publisher.send_message(b"event/front\n{}\n")

        assert [subscriber.receive() for _ in messages] == messages
        with pytest.raises(TimeoutError) as caught:
            subscriber.receive(0.2)
    assert str(caught.value) == "no event of camera front within 0.2 s"
    with pytest.raises(SubscriberClosed):
        subscriber.receive()


def test_one_subscriber_gets_the_events_of_all_cameras(endpoint: str, publisher: Publisher) -> None:
    with EventSubscriber(endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01event/"
        send(publisher, event("start", 1, "front"))
        send(publisher, event("start", 1, "back", "b"))

        assert [subscriber.receive().camera for _ in range(2)] == ["front", "back"]
        with pytest.raises(TimeoutError, match=r"\Ano event of any camera within 0 s\Z"):
            subscriber.receive(0)


def test_an_event_ends_when_its_process_is_gone(endpoint: str) -> None:
    now = 100.0
    subscription = EventSubscription(EventOptions(camera="front", endpoint=endpoint), lambda: now)
    try:
        silent_in = [subscription.silent_in]
        assert subscription.accept(pack("event", "front", event("start", 1))) is not None
        silent_in.append(subscription.silent_in)
        now = 105.5
        silent_in.append(subscription.silent_in)
        assert subscription.on_silence() == event("end", 1)
        silent_in.append(subscription.silent_in)
        assert silent_in == [None, 5.0, 0.0, None]
    finally:
        subscription.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [EventSubscriber, AsyncEventSubscriber])
async def test_the_end_of_a_silent_event_comes_by_itself(
    kind: Callable[..., Any], endpoint: str, publisher: Publisher
) -> None:
    with_loop = kind is AsyncEventSubscriber
    subscriber = kind("front", endpoint=endpoint, timeout=2 * DEADLINE_SECONDS)
    try:
        publisher.subscription()
        send(publisher, event("update", 1))
        seen = [await subscriber.receive() if with_loop else subscriber.receive() for _ in range(2)]
    finally:
        subscriber.close()

    assert seen == [event("start", 1), event("end", 1)]


async def test_a_slow_reader_on_asyncio_sees_no_end_of_an_event_that_is_still_reported(
    endpoint: str, publisher: Publisher
) -> None:
    now = 100.0
    subscription = EventSubscription(EventOptions(camera="front", endpoint=endpoint), lambda: now)
    connection = AsyncEventConnection(subscription)
    connection.start()
    messages = [event("start", 1), *(event("update", number) for number in range(2, 6)), event("end", 6)]
    try:
        await asyncio.to_thread(publisher.subscription)
        send(publisher, messages[0])
        seen = [await connection.receive(DEADLINE_SECONDS)]
        for header in messages[1:]:
            send(publisher, header)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while connection._has_room():  # noqa: ASYNC110  (what is waited for tells nothing)
                await asyncio.sleep(0.01)
        now += 7
        connection._on_silence(asyncio.get_running_loop())  # as its timer does
        seen += [await connection.receive(DEADLINE_SECONDS) for _ in messages[1:]]
    finally:
        connection.close()

    assert seen == messages


async def test_with_asyncio_it_is_the_same(endpoint: str, publisher: Publisher) -> None:
    messages = [event("start", 1), event("update", 2), event("end", 3)]
    seen = []
    async with AsyncEventSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        for header in messages:
            send(publisher, header)
        async for header in subscriber:
            seen.append(header)
            if header.phase == "end":
                subscriber.close()

    assert seen == messages


def test_without_the_process_the_reason_is_told(run_dir: Path, endpoint: str) -> None:
    with EventSubscriber("front", endpoint=endpoint) as subscriber, pytest.raises(TimeoutError) as caught:
        subscriber.receive(0.1)
    assert str(caught.value) == (
        f"no event of camera front within 0.1 s: {run_dir}/events does not exist; its process is not running"
    )


def test_the_endpoint_is_that_of_the_configuration(configure: Configure, publish: Publish) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nmotion = true\n')
    publisher = publish(f"ipc://{config.run_dir}/events")
    with EventSubscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as first:
        second = pickle.loads(pickle.dumps(first))
        with second:
            assert [publisher.subscription(), publisher.subscription()] == [b"\x01event/front\n"] * 2
            send(publisher, event("start", 1))
            assert first.receive() == second.receive() == event("start", 1)
    with pytest.raises(ConfigError) as caught:
        EventSubscriber("front1", config=config.path)
    assert str(caught.value) == 'there is no camera front1; there is front; did you mean "front"?'
    with pytest.raises(ArgumentError):
        EventSubscriber("Front", config=config.path)
