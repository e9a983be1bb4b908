"""The connection of a subscriber: which messages it hands over, and in which process."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from framebus.client.frame_subscription import DEAD_CONNECTION_SECONDS, FrameSubscription
from framebus.client.options import SubscriberOptions
from framebus.errors import SubscriberError
from framebus.protocol.wire import pack
from framebus.transport.sockets import EndpointError
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import frame_header

OLD_SECONDS = DEAD_CONNECTION_SECONDS + 1
Subscribe = Callable[..., FrameSubscription]


@pytest.fixture
def subscribe(endpoint: str) -> Iterator[Subscribe]:
    """Make a subscription to an endpoint on which nothing is published: `subscribe(max_age=2)`."""
    made: list[FrameSubscription] = []

    def make(**options: Any) -> FrameSubscription:
        made.append(FrameSubscription(SubscriberOptions(**{"camera": "front", "endpoint": endpoint, **options})))
        return made[-1]

    yield make
    for subscription in made:
        subscription.close()


def message(seq: int, age: float = 0.0, **changes: Any) -> bytes:
    """A frame captured `age` seconds ago, by both clocks."""
    times = {"monotonic": time.monotonic() - age, "captured": time.time() - age}
    return pack("live", "front", frame_header(seq, **{**times, **changes}), JPEG)


def test_a_frame_is_handed_over_with_what_was_missed(subscribe: Subscribe) -> None:
    subscription = subscribe()
    first, fourth = subscription.accept(message(1)), subscription.accept(message(4))

    assert first is not None
    assert fourth is not None
    assert (first.seq, first.missed, first.jpeg, first.same_host) == (1, 0, JPEG, True)
    assert (fourth.seq, fourth.missed, subscription.frame_filter.missed) == (4, 2, 2)


def test_a_repeat_and_a_malformed_message_are_not_handed_over(subscribe: Subscribe) -> None:
    subscription = subscribe()
    subscription.accept(message(1))

    assert subscription.accept(message(1)) is None
    assert subscription.accept(b"live/front\n{}\n") is None
    assert subscription.frame_filter.missed == 0


def test_a_frame_over_the_maximum_age_counts_as_missed_by_the_next_one(subscribe: Subscribe) -> None:
    subscription = subscribe(max_age=2)

    assert subscription.accept(message(1, age=3)) is None
    assert subscription.accept(message(3, age=3)) is None
    frame = subscription.accept(message(4))
    assert frame is not None
    assert (frame.missed, subscription.frame_filter.missed) == (3, 3)
    later = subscription.accept(message(5))
    assert later is not None
    assert later.missed == 0


@pytest.mark.parametrize(
    ("max_age", "age", "too_old"), [(None, 1e6, False), (2, 1, False), (2, 3, True), (-1, 0, True)]
)
def test_a_frame_is_too_old_beyond_the_maximum_age(
    max_age: float | None, age: float, too_old: bool, subscribe: Subscribe
) -> None:
    frame = subscribe().accept(message(1, age))

    assert frame is not None
    assert subscribe(max_age=max_age).too_old(frame) == too_old


def test_an_old_frame_of_a_lost_connection_is_skipped(subscribe: Subscribe) -> None:
    subscription = subscribe()
    subscription.accept(message(1))
    subscription.socket.disconnects += 1

    assert subscription.accept(message(2, age=OLD_SECONDS)) is None
    frame = subscription.accept(message(1, epoch="second"))
    assert frame is not None
    assert (frame.epoch, frame.missed, subscription.frame_filter.missed) == ("second", 1, 1)


def test_an_old_frame_is_handed_over_while_connected(subscribe: Subscribe) -> None:
    assert subscribe().accept(message(1, age=OLD_SECONDS)) is not None


def test_a_recent_frame_of_a_lost_connection_is_handed_over(subscribe: Subscribe) -> None:
    subscription = subscribe()
    subscription.socket.disconnects += 1

    assert subscription.accept(message(1, age=DEAD_CONNECTION_SECONDS / 2)) is not None


def test_a_lost_connection_concerns_one_message(subscribe: Subscribe) -> None:
    subscription = subscribe()
    subscription.socket.disconnects += 1

    assert subscription.accept(message(1, age=OLD_SECONDS)) is None
    assert subscription.accept(message(2, age=OLD_SECONDS)) is not None


@pytest.mark.parametrize(("waited", "handed_over"), [(0.0, True), (OLD_SECONDS, False)])
def test_over_tcp_the_clock_of_the_camera_decides_how_long_a_frame_waited(
    waited: float, handed_over: bool, subscribe: Subscribe, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = subscribe(endpoint=f"tcp://127.0.0.1:{free_port}")
    subscription.accept(message(1, published=1000.0))
    subscription.socket.disconnects += 1
    now = time.monotonic() + 0.1 + waited
    second = message(2, age=OLD_SECONDS, published=1000.1)  # its wall clock is wrong: that does not matter
    monkeypatch.setattr(time, "monotonic", lambda: now)

    assert (subscription.accept(second) is not None) == handed_over


def test_over_tcp_the_first_frame_of_a_run_is_handed_over(subscribe: Subscribe, free_port: int) -> None:
    subscription = subscribe(endpoint=f"tcp://127.0.0.1:{free_port}")
    for seq, epoch in ((1, "first"), (1, "second")):
        subscription.socket.disconnects += 1
        frame = subscription.accept(message(seq, age=OLD_SECONDS, epoch=epoch))
        assert frame is not None
        assert not frame.same_host


def test_another_process_cannot_use_it(subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = subscribe()
    subscription.check_process()
    maker = os.getpid()
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: maker + 1)
        assert subscription.is_inherited
        with pytest.raises(SubscriberError) as caught:
            subscription.check_process()
        subscription.close()
    assert str(caught.value) == (
        f"the subscriber of camera front was made in process {maker}; make a new one after a fork"
    )
    assert not subscription.socket.closed


def test_closing_closes_the_socket(subscribe: Subscribe) -> None:
    subscription = subscribe()
    subscription.close()
    subscription.close()

    assert subscription.socket.closed


def test_a_timeout_names_the_camera_the_time_and_the_reason(subscribe: Subscribe, endpoint: str) -> None:
    path = endpoint.removeprefix("ipc://")

    assert str(subscribe().timeout(2.5)) == (
        f"no frame of camera front within 2.5 s: {path} does not exist; its process is not running"
    )


def test_an_invalid_endpoint_is_refused(subscribe: Subscribe) -> None:
    with pytest.raises(EndpointError, match=r"\Aendpoint 'nowhere': Invalid argument; allowed: "):
        subscribe(endpoint="nowhere")
