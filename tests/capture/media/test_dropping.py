"""A camera without viewers: what it sends is dropped, and the first picture that is wanted again is a new one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from capture.media.dropping import MAX_WAITING_BYTES
from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from tests.capture.media.mjpeg_camera import Framing, IpCamera, Multipart
from tests.capture.media.watching import PICTURES, opened, picture
from tests.processes import DEADLINE_SECONDS, wait_until

OFTEN, OLD, NEW = PICTURES[:3]
RARELY = 5.0
"""Frames a second without viewers."""

pytestmark = pytest.mark.usefixtures("proxy_without_server")


@contextmanager
def watched(camera: Multipart, patience: float = DEADLINE_SECONDS) -> Iterator[MediaSource]:
    """A source whose camera sends pictures often, and which is read as without viewers."""
    with (
        IpCamera(camera) as server,
        opened(server.url(), patience, options=MediaOptions(idle_fps=RARELY)) as source,
    ):
        camera.show(OFTEN)
        picture(source, RateControl(RARELY))
        wait_until_it_drops(camera, source)
        yield source


def wait_until_it_drops(camera: Multipart, source: MediaSource) -> None:
    """Send pictures in pairs, whose second comes at once after the first."""

    def sent_more() -> bool:
        camera.send(2 * camera.part(OFTEN))
        return drops(source)

    wait_until(sent_more, "that the pictures are dropped")


def check_that_each_is_read(camera: Multipart, source: MediaSource) -> None:
    """Even in pairs, after which others are dropped."""
    reader = source._latest_reader
    assert reader is not None
    for shown in (NEW, OLD) * 3:
        camera.send(2 * camera.part(shown))
        wait_until(lambda: reader._newest and reader._newest.image == shown, "the newest picture")  # noqa: B023
    assert not drops(source)


def drops(source: MediaSource) -> bool:
    """Whether the reader drops what comes."""
    assert source._latest_reader is not None
    return source._latest_reader.behind


@pytest.mark.medium
@pytest.mark.parametrize("framing", [Framing(), Framing(delimiter_with_picture=False)], ids=["behind", "ahead"])
def test_what_came_without_viewers_is_never_given_to_the_first_viewer(framing: Framing) -> None:
    camera = Multipart(framing)
    with watched(camera) as source:
        camera.show(OLD)
        camera.send(camera.part(OLD)[:-300])  # and one that is cut by the moment at which a viewer comes
        rate_control = RateControl(1000)
        assert source.read(rate_control, 1) is None
        camera.send(camera.part(OLD)[-300:])
        while (found := source.read(rate_control, 1)) is None:
            camera.show(NEW)
        assert found.jpeg == NEW
        assert not drops(source)
        camera.show(OFTEN)
        while found.jpeg == NEW:
            found = picture(source, rate_control)
        assert found.jpeg == OFTEN
        assert source.damaged == 0
        assert not source.repairs


@pytest.mark.medium
def test_without_viewers_new_pictures_come_at_the_low_rate() -> None:
    camera = Multipart()
    with watched(camera) as source:
        rate_control = RateControl(RARELY)
        while (found := source.read(rate_control, 1)) is None or found.jpeg != NEW:
            camera.show(NEW)
        wait_until_it_drops(camera, source)


@pytest.mark.medium
def test_a_camera_that_falls_silent_or_ends_its_stream_is_noticed() -> None:
    camera = Multipart()
    with watched(camera, patience=1.0) as source:
        reader = source._latest_reader
        assert reader is not None
        with pytest.raises(SourceError, match="sent nothing for 1 seconds"):
            wait_until(reader.check, "the failure")
    with watched(camera) as source:
        camera.hang_up()
        camera.show(NEW)  # to the one that connects again
        rate_control = RateControl(1000)
        while picture(source, rate_control).jpeg != NEW:
            pass


@pytest.mark.medium
@pytest.mark.parametrize("framing", [Framing(chunked=True), Framing(delimiter="--a", boundary="a")])
def test_a_body_that_cannot_be_taken_up_again_is_read_on(framing: Framing) -> None:
    camera = Multipart(framing)
    with IpCamera(camera) as server, opened(server.url(), options=MediaOptions(idle_fps=RARELY)) as source:
        camera.show(OFTEN)
        picture(source, RateControl(RARELY))
        check_that_each_is_read(camera, source)


@pytest.mark.medium
def test_a_stream_that_would_fill_the_connection_is_read_on() -> None:
    camera = Multipart()
    with watched(camera) as source:

        def is_read() -> bool:
            camera.send(bytes(2 * MAX_WAITING_BYTES) + camera.part(NEW))
            return not drops(source)

        wait_until(is_read, "that the pictures are read again")
        check_that_each_is_read(camera, source)
