"""A subscriber before, during and after a restart of its publisher: no frame of the earlier run as the newest."""

import threading
import time

import pytest

from framebus import (
    Frame,
    Subscriber,
)
from tests.framebus.client.silence import assert_silent
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher
from tests.processes import DEADLINE_SECONDS, wait_until

# Restarts


@pytest.mark.slow
def test_it_may_be_made_before_its_publisher(endpoint: str, publish: Publish) -> None:
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert_silent(subscriber)
        publisher = publish(endpoint)
        publisher.subscription()
        publisher.send(1)

        assert subscriber.receive().seq == 1


def test_it_goes_on_after_its_publisher_was_restarted(
    publisher: Publisher, subscriber: Subscriber, endpoint: str, publish: Publish
) -> None:
    publisher.send(500)
    assert subscriber.receive().seq == 500
    publisher.close()

    restarted = publish(endpoint, epoch="second")

    def is_subscribed_to_again() -> bool:
        """ZeroMQ connects by itself, but it is the reader's thread that subscribes, while it waits."""
        assert_silent(subscriber, 0.05)
        return restarted.is_heard()

    wait_until(is_subscribed_to_again, "the new publisher has the old subscriber")
    restarted.send(1)
    frame = subscriber.receive()

    assert (frame.epoch, frame.seq, frame.missed, subscriber.missed) == ("second", 1, 0, 0)


def test_many_may_watch(publisher: Publisher, subscriber: Subscriber, endpoint: str) -> None:
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as other:
        publisher.subscription()
        publisher.send(1)

        assert subscriber.receive().seq == other.receive().seq == 1


# Freshness


@pytest.mark.slow
def test_a_frame_older_than_asked_for_is_skipped_and_counted(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS, max_age=2) as subscriber:
        publisher.subscription()
        publisher.send(1, monotonic=time.monotonic() - 3)
        assert_silent(subscriber)
        publisher.send(3)
        frame = subscriber.receive()

    assert (frame.seq, frame.missed, subscriber.missed) == (3, 2, 2)


def test_a_frame_of_a_capture_that_has_ended_is_not_handed_over_as_the_newest(
    publisher: Publisher, subscriber: Subscriber, endpoint: str, publish: Publish
) -> None:
    """The reader was busy while capture was restarted: what waits for it is the last frame of the run before."""
    publisher.send(1)
    subscriber.receive()
    publisher.send(2, monotonic=time.monotonic() - 4)
    wait_until(lambda: subscriber._connection.subscription.socket.poll(0), "the frame waits")
    publisher.close()
    restarted = publish(endpoint, epoch="second")
    wait_until(lambda: reconnected(subscriber), "the subscriber is connected again")

    received = threading.Thread(target=lambda: taken.append(subscriber.receive()))
    taken: list[Frame] = []
    received.start()
    restarted.subscription()
    restarted.send(1)
    received.join()

    assert [(frame.epoch, frame.seq, frame.missed) for frame in taken] == [("second", 1, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("epoch", ["first", "second"])
def test_over_tcp_that_is_found_by_the_clock_of_the_camera(epoch: str, free_port: int, publish: Publish) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    publisher = publish(endpoint)
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        before = publisher.send(1, published=1000.0)
        subscriber.receive()
        publisher.send(2, published=1000.1)
        wait_until(lambda: subscriber._connection.subscription.socket.poll(0), "the frame waits")
        publisher.close()
        time.sleep(1.3)  # more than DEAD_CONNECTION_SECONDS
        restarted = publish(endpoint, epoch=epoch)
        wait_until(lambda: reconnected(subscriber), "the subscriber is connected again")
        taken: list[Frame] = []
        receiving = threading.Thread(target=lambda: taken.append(subscriber.receive()))
        receiving.start()
        restarted.subscription()
        restarted.send(3, published=before.published + 1.5)
        receiving.join()

    assert [(frame.epoch, frame.seq) for frame in taken] == [(epoch, 3)]


def reconnected(subscriber: Subscriber) -> bool:
    """Whether libzmq has connected again, as its monitor tells: what the next `receive` finds there is left there."""
    monitor = subscriber._connection.subscription.socket.monitor_socket
    return monitor is not None and bool(monitor.poll(0))


def test_the_last_frame_of_a_capture_that_has_just_ended_is_handed_over(
    publisher: Publisher, subscriber: Subscriber
) -> None:
    publisher.send(1)
    wait_until(lambda: subscriber._connection.subscription.socket.poll(0), "the frame waits")
    publisher.close()
    wait_until(lambda: reconnected(subscriber), "the end is noticed")

    assert subscriber.receive().seq == 1
