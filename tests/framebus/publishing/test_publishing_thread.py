"""The thread of a publisher against the threads that use it: none writes into a descriptor that is closed."""

import contextlib
import os
import threading
from collections.abc import Iterator

import pytest

from framebus import Publisher, PublisherClosed, Subscriber
from framebus.config.load import Config
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.picture import Picture
from framebus.publishing.publishing_thread import PublishingThread
from tests.capture.jpegs import jpeg
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS, wait_until


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure('[camera.marked]\nsource = "program"\nidle_fps = 0\n')


def frame() -> Published:
    taken = Picture(jpeg(), 1.0, 1.0)
    return FrameBuilder("marked", "e1").build(taken, 1, source="program", orientation=1, dropped=0, kind="live")


def made(config: Config) -> PublishingThread:
    config.run_dir.mkdir(exist_ok=True)
    return PublishingThread(
        "marked",
        config.cameras["marked"],
        config.run_dir,
        secrets=config.secrets,
        group=None,
        epoch="e1",
        source="program",
    )


@contextlib.contextmanager
def held_up(thread: PublishingThread, config: Config) -> Iterator[None]:
    """Keep the thread in a callback, where it sends nothing."""
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        if threading.current_thread() is thread._thread:
            begun.set()
            end.wait(DEADLINE_SECONDS)

    with thread.listening(wait), Subscriber("marked", config=config.path):
        assert begun.wait(DEADLINE_SECONDS)
        try:
            yield
        finally:
            end.set()


def test_a_frame_that_waits_while_the_publisher_is_closed_is_not_reported_as_published(config: Config) -> None:
    ends: list[int | BaseException] = []
    publisher = Publisher("marked", config=config.path)

    def publish() -> None:
        try:
            ends.append(publisher.publish(jpeg()))
        except PublisherClosed as error:
            ends.append(error)

    with held_up(publisher._thread, config):
        assert publisher.publish(jpeg()) == 1
        waiting = threading.Thread(target=publish)
        waiting.start()
        wait_until(publisher._numbering.locked, "the second frame waits")
        closing = threading.Thread(target=publisher.close)
        closing.start()
        waiting.join(DEADLINE_SECONDS)
    closing.join(DEADLINE_SECONDS)
    assert [str(each) for each in ends] == ["the publisher of camera marked is closed"]


def test_after_the_end_it_writes_into_no_descriptor(config: Config) -> None:
    thread = made(config)
    thread.close("over")
    others = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(64)]  # one of them has the number that it had
    try:
        thread.offline("the lens cap is on")
        assert not thread.publish(frame())
        thread.close("again")
        for other in others:
            with pytest.raises(BlockingIOError):
                os.eventfd_read(other)
    finally:
        for other in others:
            os.close(other)


def test_it_may_be_closed_in_its_own_thread(config: Config) -> None:
    thread = made(config)
    with thread.listening(lambda: thread.close("dropped")), Subscriber("marked", config=config.path):
        thread._thread.join(DEADLINE_SECONDS)
    assert not thread._thread.is_alive()
    assert thread.failure == ""
    made(config).close("the endpoint was free")
