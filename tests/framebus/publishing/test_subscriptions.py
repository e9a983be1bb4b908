import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus.protocol.wire import Kind, topic
from framebus.publishing.subscriptions import SUBSCRIBED_KINDS, Subscriptions
from tests.processes import DEADLINE_SECONDS

LIVE, HALF, QUARTER, PEEK, FULL, STATUS = (topic(kind, "front") for kind in SUBSCRIBED_KINDS)

SUBSCRIBE_FOR_EVER = """
import sys, time, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe(sys.argv[2].encode())
socket.connect(sys.argv[1])
time.sleep(60)
"""


class Publisher:
    """A real XPUB socket as capture has it, whose subscription messages go to a Demand."""

    def __init__(self, run_dir: Path) -> None:
        self.endpoint = f"ipc://{run_dir}/front.frames"
        self.subscriptions = Subscriptions("front")
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._subscribers: list[zmq.Socket[bytes]] = []
        self._socket = self.context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.bind(self.endpoint)

    def subscriber(self, *topics: bytes) -> "zmq.Socket[bytes]":
        """Subscribe to this; the end of the test closes it."""
        socket = self.context.socket(zmq.SUB)
        for line in topics:
            socket.subscribe(line)
        socket.connect(self.endpoint)
        self._subscribers.append(socket)
        return socket

    def take(self) -> list[Kind]:
        """Hand the next subscription message to the demand."""
        assert self._socket.poll(int(DEADLINE_SECONDS * 1000)), "no subscription message"
        return self.subscriptions.take(self._socket.recv())

    def quiet(self) -> bool:
        """Whether no subscription message waits, nor comes within a moment."""
        return not self._socket.poll(100)


@pytest.fixture
def publisher(run_dir: Path) -> Iterator[Publisher]:
    publisher = Publisher(run_dir)
    yield publisher
    publisher.context.destroy(linger=0)


def wanted(subscriptions: Subscriptions) -> set[Kind]:
    return {kind for kind in SUBSCRIBED_KINDS if subscriptions.wants(kind)}


def test_at_first_nothing_is_wanted() -> None:
    assert wanted(Subscriptions("front")) == set()


@pytest.mark.parametrize("kind", SUBSCRIBED_KINDS)
def test_a_subscription_is_wanted_until_it_ends(kind: Kind, publisher: Publisher) -> None:
    subscriber = publisher.subscriber(topic(kind, "front"))
    assert publisher.take() == [kind]
    assert wanted(publisher.subscriptions) == {kind}
    subscriber.close(linger=0)
    assert publisher.take() == []
    assert wanted(publisher.subscriptions) == set()


@pytest.mark.parametrize(
    ("beginning", "kinds"),
    [
        (b"", {"live", "half", "quarter", "peek", "full", "status"}),
        (b"l", {"live"}),
        (b"live/", {"live"}),
        (b"live/front", {"live"}),
        (b"peek/fr", {"peek"}),
        (b"live/front\n{", set()),
        (b"live/front2\n", set()),
        (b"live/fron\n", set()),
        (b"LIVE/front\n", set()),
        (b"snapshot/front\n", set()),
        (b"\x00", set()),
    ],
)
def test_a_beginning_wants_all_that_begins_so(beginning: bytes, kinds: set[Kind], publisher: Publisher) -> None:
    publisher.subscriber(beginning)
    assert set(publisher.take()) == kinds
    assert wanted(publisher.subscriptions) == kinds


def test_every_new_subscriber_waits_for_the_newest(publisher: Publisher) -> None:
    for _ in range(3):
        publisher.subscriber(LIVE)
        assert publisher.take() == ["live"]


def test_the_last_one_of_several_ends_the_demand(publisher: Publisher) -> None:
    first, second = publisher.subscriber(LIVE), publisher.subscriber(LIVE)
    publisher.take()
    publisher.take()
    first.close(linger=0)
    assert publisher.quiet()
    assert wanted(publisher.subscriptions) == {"live"}
    second.close(linger=0)
    publisher.take()
    assert wanted(publisher.subscriptions) == set()


def test_overlapping_beginnings_are_kept_apart(publisher: Publisher) -> None:
    everything, live = publisher.subscriber(b""), publisher.subscriber(LIVE)
    publisher.take()
    publisher.take()
    everything.close(linger=0)
    publisher.take()
    assert wanted(publisher.subscriptions) == {"live"}
    live.close(linger=0)
    publisher.take()
    assert wanted(publisher.subscriptions) == set()


def test_one_socket_with_several_topics(publisher: Publisher) -> None:
    subscriber = publisher.subscriber(PEEK, STATUS)
    publisher.take()
    publisher.take()
    assert wanted(publisher.subscriptions) == {"peek", "status"}
    subscriber.unsubscribe(PEEK)
    publisher.take()
    assert wanted(publisher.subscriptions) == {"status"}


def test_a_subscriber_killed_with_9_wants_nothing_any_more(publisher: Publisher) -> None:
    command = [sys.executable, "-c", SUBSCRIBE_FOR_EVER, publisher.endpoint, LIVE.decode()]
    with subprocess.Popen(command) as subscriber:
        try:
            assert publisher.take() == ["live"]
        finally:
            subscriber.kill()
    assert publisher.take() == []
    assert wanted(publisher.subscriptions) == set()


def test_the_end_of_one_connection_does_not_end_that_of_another(publisher: Publisher) -> None:
    kept = publisher.subscriber(LIVE)
    publisher.take()
    for _ in range(5):
        publisher.subscriber(LIVE).close(linger=0)
    while not publisher.quiet():
        publisher.take()
    assert wanted(publisher.subscriptions) == {"live"}
    kept.close(linger=0)
    publisher.take()
    assert wanted(publisher.subscriptions) == set()


def test_made_up_topics_are_not_remembered() -> None:
    subscriptions = Subscriptions("front")
    for number in range(1000):
        assert subscriptions.take(b"\x01live/front\n%d" % number) == []
        assert subscriptions.take(b"\x01made-up-%d" % number) == []
    for length in range(len(LIVE) + 1):
        for _ in range(3):
            subscriptions.take(b"\x01" + LIVE[:length])
    assert len(subscriptions._subscribed) == len(LIVE) + 1


@pytest.mark.parametrize("message", [b"", b"\x00", b"\x01live/front\n?", b"\x02" + LIVE, LIVE, b"\x00" + LIVE, b"\xff"])
def test_other_messages_change_nothing(message: bytes) -> None:
    subscriptions = Subscriptions("front")
    assert subscriptions.take(message) == []
    assert wanted(subscriptions) == set()


def test_another_cameras_name_that_begins_alike_does_not_match() -> None:
    subscriptions = Subscriptions("cam1")
    assert subscriptions.take(b"\x01" + topic("live", "cam10")) == []
    assert subscriptions.take(b"\x01live/cam1") == ["live"]  # without the LF it is a beginning of both


def test_another_thread_may_ask_while_a_subscription_is_taken() -> None:
    subscriptions = Subscriptions("front")
    subscriptions.take(b"\x01live/front\n")
    answers: list[bool] = []

    class Interrupted(bytes):
        """A topic that lets another thread ask while it is compared."""

        def startswith(self, *prefix: Any) -> bool:
            answers.append(subscriptions.wants("live"))
            return super().startswith(*prefix)

    subscriptions._topics["half"] = Interrupted(b"half/front\n")
    subscriptions.take(b"\x01status/front\n")
    assert answers
    assert all(answers)
    assert subscriptions.wants("status")
