"""The subscribers of the status, against a real publisher: each change once, and offline by itself."""

import asyncio
import itertools
import os
import pickle
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus import AsyncStatusSubscriber, StatusHeader, StatusSubscriber, SubscriberClosed
from framebus.client.async_status_subscriber import AsyncStatusConnection
from framebus.client.options import Options
from framebus.client.status_subscription import StatusSubscription
from framebus.protocol.wire import State, pack
from tests.conftest import Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher
from tests.headers import status_header
from tests.processes import DEADLINE_SECONDS


def status(state: State = "live", reason: str = "", **changes: Any) -> StatusHeader:
    return status_header(state, reason, **{"pid": os.getpid(), "fps": 30.0, "seq": 1, "watched": True, **changes})


def send(publisher: Publisher, header: StatusHeader) -> None:
    publisher.send_message(pack("status", "front", header))


def test_each_change_comes_once(endpoint: str, publisher: Publisher) -> None:
    changes = [
        status("starting", "opening the camera"),
        status(),
        status("live", "a hiccup"),
        status("offline", "no such device"),
        status("offline", "no such device", epoch="second"),
    ]
    with StatusSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01status/front\n"
        seen = []
        for header in changes:
            send(publisher, header)
            seen.append(subscriber.receive())
            send(publisher, msgspec.structs.replace(header, seq=header.seq + 30))  # a second later
        with pytest.raises(TimeoutError) as caught:
            subscriber.receive(0.2)

    assert seen == changes
    assert str(caught.value) == "no change of the status of camera front within 0.2 s"


@pytest.mark.slow
def test_silence_makes_it_offline_and_a_process_brings_it_back(
    endpoint: str, publisher: Publisher, publish: Publish, run_dir: Path
) -> None:
    with StatusSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        began = time.monotonic()
        send(publisher, status(width=640))
        changes = iter(subscriber)
        assert next(changes).state == "live"
        publisher.close()
        gone = next(changes)
        assert time.monotonic() - began >= 3
        assert (gone.state, gone.pid, gone.epoch, gone.width) == ("offline", 0, "e1", 640)
        assert gone.reason == f"no status for 3 s: {run_dir}/front.frames is left from a process that has ended"
        with pytest.raises(TimeoutError):  # it is told once; libzmq connects again meanwhile
            subscriber.receive(0.1)
        again = publish(endpoint)
        for _ in itertools.count():
            send(again, status(epoch="second"))
            try:
                back = subscriber.receive(0.1)
                break
            except TimeoutError:
                continue
        assert (back.state, back.epoch) == ("live", "second")


def test_the_clock_of_the_silence_is_that_of_the_status(endpoint: str) -> None:
    now = 100.0
    subscription = StatusSubscription(Options(camera="front", endpoint=endpoint), lambda: now)
    try:
        assert subscription.silent_in == 3.0
        now = 102.0
        assert subscription.accept(pack("status", "front", status())) is not None
        assert subscription.silent_in == 3.0
        now = 104.0
        assert subscription.accept(pack("status", "front", status(seq=9))) is None
        assert subscription.silent_in == 3.0
        assert subscription.accept(b"status/front\n{}\n") is None
        now = 107.5
        assert subscription.silent_in == 0.0
        assert subscription.on_silence().state == "offline"
        after = subscription.silent_in
        assert subscription.accept(pack("status", "front", status())) is not None
        assert [after, subscription.silent_in] == [None, 3.0]
    finally:
        subscription.close()


@pytest.mark.slow
async def test_with_asyncio_it_is_the_same(endpoint: str, publisher: Publisher) -> None:
    states = []
    async with AsyncStatusSubscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        send(publisher, status("starting"))
        async for change in subscriber:
            states.append((change.state, change.pid != 0))
            if change.state == "starting":
                send(publisher, status("live"))
            if change.state == "offline":
                break
    assert states == [("starting", True), ("live", True), ("offline", False)]
    with pytest.raises(SubscriberClosed):
        await subscriber.receive()


@pytest.mark.slow
async def test_with_asyncio_a_camera_that_never_was_is_offline(endpoint: str) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), AsyncStatusSubscriber("front", endpoint=endpoint) as subscriber:
        change = await subscriber.receive()
        assert (change.state, change.epoch, change.seq) == ("offline", "", 0)
        assert "does not exist; its process is not running" in change.reason


def test_the_camera_stays_idle(configure: Configure, start: Start) -> None:
    config = configure()
    start("capture", "front", config=config)
    with StatusSubscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        for change in subscriber:
            if change.state == "idle":
                break
        assert not change.watched


def test_a_program_that_stood_still_waits_a_moment_before_it_calls_the_camera_offline(endpoint: str) -> None:
    now = 100.0
    subscription = StatusSubscription(Options(camera="front", endpoint=endpoint), lambda: now)
    try:
        for seconds in (10.0, 20.0):
            subscription.accept(pack("status", "front", status()))
            now += seconds
            found = [subscription.silent_in]
            now += 2.0
            assert [*found, subscription.silent_in] == [0.5, 0.0]
    finally:
        subscription.close()


def test_it_can_be_pickled(endpoint: str, publisher: Publisher) -> None:
    with (
        StatusSubscriber("front", endpoint=endpoint, timeout=7) as subscriber,
        pickle.loads(pickle.dumps(subscriber)) as copy,
    ):
        assert (type(copy), copy.camera, copy.timeout) == (StatusSubscriber, "front", 7)


async def test_with_asyncio_each_silence_is_noticed(endpoint: str, publisher: Publisher) -> None:
    clock = itertools.count(0.0, 2.98)  # three seconds of silence are over at the second look
    connection = AsyncStatusConnection(
        StatusSubscription(Options(camera="front", endpoint=endpoint), lambda: next(clock))
    )
    try:
        for epoch in ("", "first", "second"):
            if epoch:
                send(publisher, status(epoch=epoch))
                live = await connection.receive(DEADLINE_SECONDS)
                assert (live.state, live.epoch) == ("live", epoch)
            gone = await connection.receive(DEADLINE_SECONDS)
            assert (gone.state, gone.epoch) == ("offline", epoch)
            if not epoch:
                assert await asyncio.to_thread(publisher.subscription)
    finally:
        connection.close()
