"""A program as a camera: real publishers, and the subscribers, rules and limits that every camera has."""

import asyncio
import io
import os
import sys
import threading
import time
from typing import Any

import numpy
import pytest
from PIL import Image

from framebus import (
    ArgumentError,
    AsyncPublisher,
    ConfigError,
    Frame,
    FramebusError,
    PictureError,
    Publisher,
    PublisherClosed,
    StatusSubscriber,
)
from framebus.config.load import Config
from framebus.publishing import array_encoder
from tests.capture.jpegs import jpeg, opened, without
from tests.conftest import Configure
from tests.framebus.client.marked import TABLES, subscriber
from tests.framebus.publisher import frame_header
from tests.framebus.waiting import until
from tests.processes import DEADLINE_SECONDS, wait_until


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TABLES)


def test_what_is_published_is_seen(config: Config) -> None:
    picture = jpeg()
    with Publisher("marked", config=config.path) as publisher, subscriber(config, queue=9) as viewer:
        assert not publisher.wait_watched(0) or publisher.watched
        assert publisher.wait_watched(DEADLINE_SECONDS)
        before = time.monotonic()
        assert [publisher.publish(picture, metadata={"cats": 2}), publisher.publish(bytearray(picture))] == [1, 2]
        first, second = viewer.receive(), viewer.receive()

    assert (first.seq, first.camera, first.source, first.jpeg) == (1, "marked", "program", picture)
    assert first.metadata == {"cats": 2}
    assert second.metadata == {}
    assert before - 0.01 <= first.monotonic <= first.published <= time.monotonic()
    assert abs(first.captured - time.time()) < DEADLINE_SECONDS
    assert viewer.missed == 0


def test_like_keeps_the_moment_and_what_the_camera_said(config: Config) -> None:
    now = time.monotonic()
    original = Frame(
        frame_header(7, monotonic=now - 0.5, captured=time.time() - 0.5, orientation=6, camera_metadata={"gain": 2}),
        jpeg(),
    )
    far = Frame(frame_header(7, monotonic=5.0, captured=time.time() - 0.25), jpeg(), same_host=False)
    with Publisher("marked", config=config.path) as publisher, subscriber(config, queue=9) as viewer:
        publisher.wait_watched(DEADLINE_SECONDS)
        publisher.publish(numpy.zeros((6, 8, 3), numpy.uint8), like=original)
        frame = viewer.receive()
        publisher.publish(jpeg(), like=far, metadata={})
        other = viewer.receive()

    assert abs(frame.monotonic - original.monotonic) < 1e-5
    assert abs(frame.captured - original.captured) < 1e-5
    assert (frame.orientation, frame.metadata) == (6, {"gain": 2})
    assert opened(frame.jpeg).getexif()[0x0112] == 6
    assert 0.2 < other.age < DEADLINE_SECONDS
    assert abs(other.captured - far.captured) < 1e-5
    assert (other.orientation, other.metadata) == (1, {})


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("grey", [True, False])
def test_an_array_is_encoded_in_its_colours(grey: bool, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.setitem(sys.modules, "simplejpeg", None)
    blue = numpy.zeros((48, 64, 3), numpy.uint8)
    blue[:, :, 0] = 255
    picture = blue[:, :, 0] // 2 if grey else blue[:, ::-1]  # which is not contiguous
    image = Image.open(io.BytesIO(array_encoder.encode(picture, 90)))
    assert (image.mode, image.size) == ("L" if grey else "RGB", (64, 48))
    pixel = image.getpixel((5, 5))
    assert pixel == pytest.approx(127 if grey else (0, 0, 255), abs=4)


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        (b"", "picture: 0 bytes"),
        (b"GIF89a", "picture: "),
        (jpeg()[:-200], "picture: "),
        ("text", "picture of type str; allowed: the bytes of a JPEG, or an array of uint8"),
        (None, "picture of type NoneType; allowed: "),
        (numpy.zeros((4, 4, 3)), r"picture of float64 of the shape \(4, 4, 3\); allowed: "),
        (numpy.zeros((4, 4, 4), numpy.uint8), r"picture of uint8 of the shape \(4, 4, 4\); allowed: "),
        (numpy.zeros((0, 4, 3), numpy.uint8), r"picture of uint8 of the shape \(0, 4, 3\); allowed: "),
        (numpy.zeros((4,), numpy.uint8), r"picture of uint8 of the shape \(4,\); allowed: "),
        (
            numpy.zeros((1, 70000, 3), numpy.uint8),
            r"picture of uint8 of the shape \(1, 70000, 3\); allowed: .* 65535 pixels a side",
        ),
    ],
)
def test_what_is_no_picture_is_refused_and_costs_no_number(picture: Any, text: str, config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher:
        with pytest.raises(PictureError, match=rf"\A{text}") as caught:
            publisher.publish(picture)
        assert isinstance(caught.value, ValueError)
        assert publisher.publish(jpeg()) == 1


def test_a_picture_without_huffman_tables_is_completed(config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher, subscriber(config) as viewer:
        publisher.wait_watched(DEADLINE_SECONDS)
        publisher.publish(without(jpeg(), 0xC4))
        opened(viewer.receive().jpeg).load()


def test_the_limits_of_the_camera_hold(configure: Configure) -> None:
    config = configure('[camera.marked]\nsource = "program"\nmax_megapixels = 0.1\n')
    with Publisher("marked", config=config.path) as publisher, pytest.raises(PictureError, match=r"megapixels|pixels"):
        publisher.publish(numpy.zeros((400, 400), numpy.uint8))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"monotonic": time.monotonic() + 3600}, r"the picture was taken \d+ s from now; allowed: "),
        ({"captured": float("nan")}, "captured nan: allowed are seconds, or None"),
        ({"captured": -5.0}, r"captured -5\.0: allowed are Unix seconds"),
        ({"monotonic": "x"}, "monotonic 'x': allowed are seconds, or None"),
        ({"metadata": {"a": object()}}, "metadata: .*; allowed: names, and values of JSON"),
        ({"metadata": {"a": "line\nend"}}, "metadata: camera_metadata with a text of control characters"),
        ({"metadata": {"a": 1 << 70}}, "metadata: "),
        ({"metadata": [1]}, r"metadata \[1\]: allowed: names, and values of JSON"),
        ({"like": b"JPEG"}, "like b'JPEG': allowed is a Frame, or None"),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments: dict[str, Any], text: str, config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher, pytest.raises(ArgumentError, match=rf"\A{text}"):
        publisher.publish(jpeg(), **arguments)


def test_only_a_camera_for_programs_can_be_published(config: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        Publisher("front", config=config.path)
    assert str(caught.value) == 'camera front has source = "testcard"; allowed for a publisher: "program"'
    with pytest.raises(ConfigError) as caught:
        Publisher("markd", config=config.path)
    assert str(caught.value) == (
        'there is no camera markd; there is front, marked; did you mean "marked"?; '
        'for a publisher, add [camera.markd] with source = "program"'
    )
    with pytest.raises(ArgumentError, match="camera 'Marked'"):
        Publisher("Marked", config=config.path)


def test_a_new_subscriber_gets_the_newest_frame_at_once(config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher:
        publisher.publish(jpeg())
        for options in ({}, {"kind": "peek"}, {"rendition": "half"}):
            with subscriber(config, **options) as viewer:
                frame = viewer.receive()
                assert frame.seq == 1
                assert frame.width == -(-opened(jpeg()).width // (2 if "rendition" in options else 1))


def test_demand_wakes_the_program_and_lets_it_sleep(config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher:
        assert not publisher.watched
        assert not publisher.wait_watched(0.05)
        with subscriber(config, rendition="quarter"):
            assert publisher.wait_watched(DEADLINE_SECONDS)
        wait_until(lambda: not publisher.watched, "nobody watches")
        with subscriber(config, kind="peek"):
            assert not publisher.wait_watched(0.3), "stills alone are no viewers"


@pytest.mark.medium
def test_idle_pictures_are_wanted_where_the_configuration_says_so(configure: Configure) -> None:
    config = configure('[camera.marked]\nsource = "program"\nidle_fps = 5\n')
    with Publisher("marked", config=config.path) as publisher, subscriber(config, kind="peek") as viewer:
        for number in range(1, 4):
            assert publisher.wait_watched(DEADLINE_SECONDS)
            publisher.publish(jpeg())
            assert not publisher.watched
            assert viewer.receive().seq == number


def test_the_status_is_that_of_a_camera(config: Config) -> None:
    with (
        StatusSubscriber("marked", config=config.path, timeout=DEADLINE_SECONDS) as statuses,
        Publisher("marked", config=config.path) as publisher,
    ):
        states = iter(statuses)
        first = next(states)
        assert (first.state, first.reason) == ("idle", "nothing is published while there are no viewers")
        assert (first.source, first.pid) == ("program", os.getpid())
        with subscriber(config):
            second = next(states)
            assert (second.state, second.reason) == ("starting", "the program has published nothing yet")
            publisher.publish(jpeg())
            assert next(states).state == "live"
            publisher.offline("the lens cap is on")
            offline = next(states)
            assert (offline.state, offline.reason) == ("offline", "the lens cap is on")
            publisher.publish(jpeg())
            assert next(states).state == "live"
            publisher.close()
            last = next(states)
            assert (last.state, last.reason) == ("offline", "the program has stopped publishing")


@pytest.mark.slow
def test_a_program_that_publishes_nothing_while_it_is_watched_is_offline(configure: Configure) -> None:
    config = configure('[camera.marked]\nsource = "program"\nstall_timeout = 0.5\nfps = 10\n')
    with (
        StatusSubscriber("marked", config=config.path, timeout=DEADLINE_SECONDS) as statuses,
        Publisher("marked", config=config.path) as publisher,
    ):
        publisher.publish(jpeg())
        with subscriber(config):
            wait_until(lambda: statuses.receive().state == "offline", "the camera is offline")


SMALLER = '[camera.marked]\nsource = "program"\nidle_fps = 0\nrendition_fps = 2\n'


@pytest.mark.medium
def test_a_frame_that_came_too_early_is_made_smaller_when_it_is_due(configure: Configure) -> None:
    config = configure(SMALLER)
    with (
        StatusSubscriber("marked", config=config.path, timeout=DEADLINE_SECONDS) as statuses,
        Publisher("marked", config=config.path) as publisher,
        subscriber(config, rendition="half") as viewer,
    ):
        publisher.wait_watched(DEADLINE_SECONDS)
        publisher.publish(jpeg())
        assert viewer.receive().seq == 1
        wait_until(lambda: statuses.receive().state == "live", "the camera is live")
        publisher._thread._endpoint._status_due = time.monotonic() + 3600  # no status wakes the thread
        publisher.publish(jpeg())
        assert viewer.receive().seq == 2


@pytest.mark.medium
@pytest.mark.parametrize("later", [-100.0, 0.0])
def test_a_picture_of_another_moment_is_made_smaller_as_well(later: float, configure: Configure) -> None:
    config = configure(SMALLER)
    with Publisher("marked", config=config.path) as publisher, subscriber(config, rendition="half") as viewer:
        publisher.wait_watched(DEADLINE_SECONDS)
        moments = [time.monotonic(), time.monotonic() + later]
        for seq, monotonic in enumerate(moments, 1):
            publisher.publish(jpeg(), monotonic=monotonic)
            assert viewer.receive().seq == seq


def test_a_closed_one_says_so(config: Config) -> None:
    publisher = Publisher("marked", config=config.path)
    threading.Timer(0.1, publisher.close).start()
    with pytest.raises(PublisherClosed, match=r"\Athe publisher of camera marked is closed\Z"):
        publisher.wait_watched()
    for use in (lambda: publisher.publish(jpeg()), lambda: publisher.offline("x"), lambda: publisher.wait_watched(0)):
        with pytest.raises(PublisherClosed):
            use()
    publisher.close()
    assert issubclass(PublisherClosed, FramebusError)


async def test_with_asyncio_it_is_the_same(config: Config) -> None:
    async with AsyncPublisher("marked", config=config.path) as publisher:
        assert not await publisher.wait_watched(0.05)
        with subscriber(config, queue=5) as viewer:
            assert await publisher.wait_watched(DEADLINE_SECONDS)
            assert publisher.watched
            assert await publisher.publish(numpy.zeros((6, 8, 3), numpy.uint8)) == 1
            frame = await asyncio.to_thread(viewer.receive)
            assert (frame.seq, frame.width, frame.height) == (1, 8, 6)
        with pytest.raises(PictureError):
            await publisher.publish(b"")
        publisher.offline("over")
        await until(lambda: not publisher.watched)
        waiting = asyncio.create_task(publisher.wait_watched())
        await asyncio.sleep(0.05)
        publisher.close()
        with pytest.raises(PublisherClosed):
            await waiting
