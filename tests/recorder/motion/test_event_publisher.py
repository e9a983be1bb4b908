"""Floods of subscriptions: the memory of the process stays bounded, and those who want events get them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from framebus.publishing.subscription_limit import (
    MAX_SUBSCRIPTIONS_AT_ONCE,
    MAX_SUBSCRIPTIONS_IN_A_ROW,
    MAX_TOPICS_BYTES,
)
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, RunDirError
from recorder.motion.event_publisher import MAX_SUBSCRIPTION_BYTES, EventPublisher
from tests.framebus.golden.make import EVENT
from tests.processes import wait_until

TOPIC_BYTES = 64
MAX_TOPICS = MAX_TOPICS_BYTES // TOPIC_BYTES


def made_up(number: int) -> bytes:
    """A topic."""
    return (b"event/%d" % number).ljust(TOPIC_BYTES, b"-")


class Published:
    """A publisher, and its peers. Closed by its maker."""

    def __init__(self, run_dir: Path) -> None:
        self.endpoint = f"ipc://{run_dir}/events"
        self.lock = Lock(run_dir, "motion detection")
        self.losses = RateLimitedLog(logging.getLogger("motion"))
        self._peers: list[zmq.Socket[bytes]] = []
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.publisher = EventPublisher(self.context, self.endpoint, None, self.lock, self.losses)
        self.reader = self.peer(zmq.SUB)
        self.reader.setsockopt(zmq.SUBSCRIBE, b"event/")
        wait_until(self.publisher.take, "the reader subscribes")

    def peer(self, kind: int) -> "zmq.Socket[bytes]":
        """A socket that is connected to it."""
        socket = self.context.socket(kind)
        self._peers.append(socket)
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 20)
        socket.connect(self.endpoint)
        return socket

    @property
    def floods(self) -> int:
        """After which all peers were disconnected."""
        return sum(self.losses.total.values())

    def arrives(self) -> bool:
        """Whether an event reaches the reader."""
        self.publisher.take()
        self.publisher.send(EVENT)
        return bool(self.reader.poll(10))

    def close(self) -> None:
        """Close all sockets."""
        for socket in self._peers:
            socket.close(linger=0)
        self.publisher.socket.close(linger=0)
        self.context.destroy(linger=0)
        self.lock.close()


@pytest.fixture
def published(run_dir: Path) -> Iterator[Published]:
    made = Published(run_dir)
    yield made
    made.close()


def test_as_many_topics_as_are_allowed_disconnect_no_one(published: Published) -> None:
    flood = published.peer(zmq.XSUB)
    for number in range(MAX_TOPICS - 1):
        flood.send(b"\x01" + made_up(number))
    wait_until(lambda: published.publisher.take() and len(published.publisher.topics) == MAX_TOPICS, "all arrive")

    flood.send(b"\x00" + made_up(0))
    wait_until(lambda: published.publisher.take() or len(published.publisher.topics) < MAX_TOPICS, "one ends")
    assert published.floods == 0
    wait_until(published.arrives, "events arrive")


@pytest.mark.medium
def test_more_topics_disconnect_all_and_the_reader_is_back(published: Published, tmp_path: Path) -> None:
    flood = published.peer(zmq.XSUB)
    published.lock.check(published.endpoint)
    # The number of the socket's file stays taken, so that the new one has another number on every file system.
    (tmp_path / "before").hardlink_to(published.endpoint.removeprefix("ipc://"))

    def is_refused() -> bool:
        published.publisher.take()
        return published.floods >= 1

    for number in range(MAX_TOPICS + 1):
        flood.send(b"\x01" + made_up(number))
    wait_until(is_refused, "the flood is refused")
    flood.close()
    wait_until(published.arrives, "the reader is back")
    wait_until(lambda: published.arrives() and len(published.publisher.topics) == 1, "what libzmq kept is gone")
    published.lock.check(published.endpoint)


@pytest.mark.medium
def test_one_topic_again_and_again_keeps_no_one_from_events(published: Published) -> None:
    flood = published.peer(zmq.XSUB)
    for _ in range(2 * MAX_SUBSCRIPTIONS_IN_A_ROW):
        flood.send(b"\x01event/")
    wait_until(published.arrives, "an event arrives beside the flood")
    flood.close(linger=0)
    wait_until(published.arrives, "an event arrives after the flood")
    assert published.publisher.topics == {b"event/"}


@pytest.mark.medium
def test_what_waits_of_a_flood_disconnects_no_one_again(published: Published) -> None:
    flood = published.peer(zmq.XSUB)
    for number in range(20 * MAX_TOPICS):
        flood.send(b"\x01" + made_up(number))

    def is_refused() -> bool:
        published.publisher.take()
        return published.floods >= 1

    wait_until(is_refused, "the flood is refused")
    flood.close(linger=0)
    wait_until(lambda: published.arrives() and published.publisher.topics == {b"event/"}, "the flood is over")
    floods = published.floods
    for _ in range(20 * MAX_TOPICS // MAX_SUBSCRIPTIONS_AT_ONCE):
        published.publisher.take()
    assert published.floods == floods
    wait_until(published.arrives, "events arrive")


def test_a_long_subscription_disconnects_its_sender_alone(published: Published) -> None:
    flood = published.peer(zmq.XSUB)
    flood.send(b"\x01" + b"x" * MAX_SUBSCRIPTION_BYTES)
    flood.send(b"\x01event/front")

    wait_until(published.arrives, "events arrive")
    assert published.publisher.topics == {b"event/"}


def test_an_endpoint_that_another_program_takes_is_noticed(published: Published) -> None:
    published.lock.check(published.endpoint)
    path = Path(published.endpoint.removeprefix("ipc://"))
    path.unlink()
    path.touch()

    with pytest.raises(RunDirError, match="another program has taken"):
        published.lock.check(published.endpoint)


def test_an_endpoint_that_cannot_be_bound_is_named(published: Published, tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/missing/events"

    with pytest.raises(ProcessError, match=f"cannot publish at {endpoint}: No such file or directory"):
        EventPublisher(published.context, endpoint, None, published.lock, published.losses)
