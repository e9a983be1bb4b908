"""Pictures that have waited, as after a stop of the process, are not taken for new ones."""

import pytest

from capture.media.burst import SETTLE_SECONDS, Burst
from tests.capture.media.mjpeg_camera import IpCamera, Multipart
from tests.capture.media.watching import PICTURES, every_frame, opened, picture
from tests.processes import wait_until

pytestmark = pytest.mark.usefixtures("proxy_without_server")


def test_pictures_after_a_pause_wait_until_those_that_were_there_are_read() -> None:
    found = Burst(100.0)
    found.note_read(100.04, 0.04)
    assert found.ready_at(100.04) == 0
    found.note_read(101.0, 0.04)
    assert found.ready_at(101.0) == 101.0 + SETTLE_SECONDS
    found.note_read(101.002, 0.04)
    assert found.ready_at(101.002) == 101.002 + SETTLE_SECONDS
    found.note_read(101.03, 0.04)  # it had to wait for this one
    assert found.ready_at(101.03) == 0


@pytest.mark.parametrize("period", [0.9, float("inf")])
def test_the_pauses_of_a_slow_camera_and_of_one_that_begins_are_none(period: float) -> None:
    found = Burst(100.0)
    found.note_read(101.0, period)
    assert found.ready_at(101.0) == 0


def test_what_is_left_unread_on_purpose_is_no_pause() -> None:
    found = Burst(100.0)
    found.skip_to(105.0)
    found.note_read(105.04, 0.04)
    assert found.ready_at(105.04) == 0


@pytest.mark.medium
def test_the_first_picture_after_a_pause_is_given_unless_another_follows_at_once() -> None:
    camera = Multipart()
    with IpCamera(camera) as server, opened(server.url()) as source:
        reader = source._latest_reader
        assert reader is not None
        camera.send(2 * camera.part(PICTURES[0]))
        picture(source, every_frame())
        while source.read(every_frame(), 1) is not None:
            pass  # and half a second in which nothing comes
        camera.show(PICTURES[1])
        wait_until(lambda: reader._newest is not None, "the picture")
        newest = reader._newest
        assert newest is not None
        assert newest.ready_at == newest.monotonic + SETTLE_SECONDS
        assert picture(source, every_frame()).jpeg == PICTURES[1]
