"""The subscriber against a real publisher: always the newest, and what is missing is counted."""

import itertools
import math
import pickle
import threading
import time
from pathlib import Path

import pytest
import zmq

from framebus import (
    ArgumentError,
    ConfigError,
    ControlError,
    EndpointError,
    Frame,
    FramebusError,
    SnapshotError,
    Subscriber,
    SubscriberClosed,
)
from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import MAX_MESSAGE_BYTES, pack, topic
from tests.conftest import Configure
from tests.framebus.client.silence import assert_silent
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import JPEG, from_later_now
from tests.framebus.publisher import Publisher, frame_header
from tests.processes import DEADLINE_SECONDS, wait_until

# Frames


def test_a_frame_comes_as_it_was_sent(publisher: Publisher, subscriber: Subscriber) -> None:
    header = publisher.send(1, width=640, camera_metadata={"Gain": 2.5})

    frame = subscriber.receive()

    assert (frame.header, frame.jpeg, frame.missed) == (header, JPEG, 0)
    assert frame.metadata == {"Gain": 2.5}


def test_a_loop_gets_frame_after_frame(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(1)
    seqs = []
    for frame in subscriber:
        seqs.append(frame.seq)
        if frame.seq == 5:
            break
        publisher.send(frame.seq + 1)

    assert seqs == [1, 2, 3, 4, 5]
    assert subscriber.missed == 0


def test_a_slow_reader_gets_the_newest_and_is_told_what_it_missed(publisher: Publisher, subscriber: Subscriber) -> None:
    seqs = itertools.count(1)
    publisher.send(next(seqs))
    taken = [subscriber.receive()]

    def newest_comes() -> bool:
        """With a queue it never would: a round adds many frames to it and takes one."""
        newest = [publisher.send(next(seqs)) for _ in range(20)][-1]
        time.sleep(0.2)
        taken.append(subscriber.receive())
        return taken[-1].seq == newest.seq

    wait_until(newest_comes, "the newest frame is the next one")
    assert subscriber.missed == sum(frame.missed for frame in taken) == taken[-1].seq - len(taken)
    assert subscriber.missed >= 18


def test_frames_that_were_never_sent_are_missed(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(7)
    first = subscriber.receive()
    publisher.send(11)
    second = subscriber.receive()

    assert (first.missed, second.missed, subscriber.missed) == (0, 3, 3)


@pytest.mark.slow
def test_a_repeat_is_ignored(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(1)
    subscriber.receive()
    publisher.send(1)

    assert_silent(subscriber)
    publisher.send(2)
    assert subscriber.receive().missed == 0


def test_a_frame_of_a_later_version_1_is_a_frame(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send_message(from_later_now())

    assert subscriber.receive().seq == 42


# Topics


def test_live_is_what_it_asks_for(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", endpoint=endpoint):
        assert publisher.subscription() == b"\x01live/front\n"


@pytest.mark.parametrize("rendition", RENDITIONS)
def test_a_rendition_is_what_is_subscribed_to(rendition: Rendition, endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", rendition=rendition, endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == f"\x01{rendition}/front\n".encode()
        publisher.send(1)
        publisher.send(2, rendition, width=8)
        frame = subscriber.receive()
        assert (frame.seq, frame.width) == (2, 8)
        with pickle.loads(pickle.dumps(subscriber)):
            assert publisher.subscription() == f"\x01{rendition}/front\n".encode()


def test_peek_leaves_the_camera_idle(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", kind="peek", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01peek/front\n"
        publisher.send(1, "live")
        publisher.send(2, "peek")

        assert subscriber.receive().seq == 2


@pytest.mark.slow
def test_cam1_never_gets_the_frames_of_cam10(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("cam1", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\x01live/cam1\n"
        publisher.send_message(pack("live", "cam10", frame_header(1, camera="cam10"), JPEG))
        assert_silent(subscriber)
        publisher.send_message(pack("live", "cam1", frame_header(1, camera="cam1"), JPEG))

        assert subscriber.receive().camera == "cam1"


# What is no frame


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (topic("live", "front"), "message with 1 line ends, expected 2 or more: 'live/front\\n'"),
        (b"live/front\n{}\n", "FrameHeader: Object missing required field `v`"),
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
    ids=["short", "header", "version", "camera", "size"],
)
def test_a_malformed_message_is_dropped_and_logged(
    message: bytes, text: str, publisher: Publisher, subscriber: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    def is_said() -> bool:
        assert_silent(subscriber, 0.05)
        return bool(caplog.messages)

    publisher.send_message(message)
    wait_until(is_said, "the message is dropped")
    assert caplog.messages == [f"1 malformed messages dropped (1 in all): {text}"]

    publisher.send(1)
    assert subscriber.receive().seq == 1


# Waiting


def test_silence_ends_in_a_timeout(subscriber: Subscriber) -> None:
    with pytest.raises(TimeoutError) as caught:
        subscriber.receive(0.05)
    assert str(caught.value) == "no frame of camera front within 0.05 s"


def test_a_subscriber_may_have_a_timeout_of_its_own(endpoint: str) -> None:
    with Subscriber("front", endpoint=endpoint, timeout=0.25) as subscriber:
        before = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            next(iter(subscriber))
        assert time.monotonic() - before > 0.2
        assert str(caught.value) == (
            "no frame of camera front within 0.25 s: "
            f"{endpoint.removeprefix('ipc://')} does not exist; its process is not running"
        )


def test_a_repeat_does_not_prolong_the_wait(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(1)
    subscriber.receive()
    publisher.send(1)

    with pytest.raises(TimeoutError) as caught:
        subscriber.receive(0.2)
    assert str(caught.value) == "no frame of camera front within 0.2 s"


# Age


def test_the_age_on_the_same_host_goes_by_the_monotonic_clock(publisher: Publisher, subscriber: Subscriber) -> None:
    before = time.monotonic()
    publisher.send(1, monotonic=before - 5, captured=0)

    age = subscriber.receive().age

    assert 4.999 < age <= 5.001 + time.monotonic() - before


def test_tcp_works_and_takes_the_age_from_the_wall_clocks(free_port: int, publish: Publish) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    publisher = publish(endpoint)
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        before = time.time()
        publisher.send(1, monotonic=0, captured=before - 5)
        frame = subscriber.receive()

        assert frame.jpeg == JPEG
        assert 4.999 < frame.age <= 5.001 + time.time() - before


# Where


def test_the_configuration_says_where_the_camera_is(configure: Configure, publish: Publish) -> None:
    config = configure()
    publisher = publish(f"ipc://{config.run_dir}/front.frames")
    with Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        publisher.send(1)

        assert subscriber.receive().seq == 1


def test_a_mistake_in_the_configuration_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Subscriber("front", config=tmp_path / "none.toml")
    assert caught.value.mistakes == [
        f"{tmp_path}/none.toml: No such file or directory; allowed: a file that can be read"
    ]


def test_a_name_that_no_camera_can_have_is_refused() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
        Subscriber("Front door", endpoint="ipc:///nowhere")
    assert str(caught.value) == (
        "camera 'Front door': allowed are 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
    )


def test_a_bad_endpoint_is_refused() -> None:
    with pytest.raises(zmq.ZMQError, match="Invalid argument"):
        Subscriber("front", endpoint="nowhere")


# The end


def test_it_may_be_closed_twice_and_unsubscribes(endpoint: str, publisher: Publisher) -> None:
    with Subscriber("front", endpoint=endpoint) as subscriber:
        assert publisher.subscription() == b"\x01live/front\n"
        subscriber.close()
    subscriber.close()

    assert publisher.subscription() == b"\x00live/front\n"


def test_a_closed_one_says_so(endpoint: str) -> None:
    subscriber = Subscriber("front", endpoint=endpoint)
    subscriber.close()
    with pytest.raises(SubscriberClosed, match=r"\Athe subscriber of camera front is closed\Z"):
        subscriber.receive()
    with pytest.raises(SubscriberClosed):
        iter(subscriber)
    with pytest.raises(SubscriberClosed):
        pickle.dumps(subscriber)


def test_closing_from_another_thread_ends_the_loop(publisher: Publisher, subscriber: Subscriber) -> None:
    taken: list[int] = []
    reader = threading.Thread(target=lambda: taken.extend(frame.seq for frame in subscriber))
    reader.start()
    publisher.send(1)
    wait_until(lambda: subscriber.missed == 0 and reader.is_alive(), "the reader runs")
    subscriber.close()
    reader.join(DEADLINE_SECONDS)

    assert not reader.is_alive()
    assert taken in ([], [1])
    assert publisher.subscription() == b"\x00live/front\n"


def test_closing_from_another_thread_ends_a_wait_with_an_error(endpoint: str) -> None:
    subscriber = Subscriber("front", endpoint=endpoint)
    threading.Timer(0.1, subscriber.close).start()
    with pytest.raises(SubscriberClosed):
        subscriber.receive(DEADLINE_SECONDS)


# Arguments


@pytest.mark.parametrize("seconds", [math.inf, 1e300, 2**31, 2**70])
def test_a_timeout_may_be_of_any_length(seconds: float, publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(1)
    assert subscriber.receive(seconds).seq == 1


def test_a_timeout_of_no_time_takes_what_is_there(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.send(1)
    wait_until(lambda: _taken(subscriber, 0), "the frame is there")
    with pytest.raises(TimeoutError):
        subscriber.receive(-1)


def _taken(subscriber: Subscriber, seconds: float) -> bool:
    try:
        subscriber.receive(seconds)
    except TimeoutError:
        return False
    return True


# Frames and errors travel


def test_frames_and_errors_can_be_pickled() -> None:
    frame = Frame(frame_header(camera_metadata={"gain": 2.5}), JPEG, missed=2)
    assert pickle.loads(pickle.dumps(frame)) == frame
    bare = Frame(frame_header(), JPEG)
    assert pickle.loads(pickle.dumps(bare)).metadata == {}
    errors: list[FramebusError] = [
        SubscriberClosed("front"),
        EndpointError("nowhere", 22),
        SnapshotError("stale", "too old"),
        ControlError("busy", "wait"),
        ArgumentError("no"),
    ]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
