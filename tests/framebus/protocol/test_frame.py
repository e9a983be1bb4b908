"""What a frame says of itself."""

import io
import time

import msgspec
from PIL import Image

from framebus.protocol.frame import Frame
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import frame_header


def test_a_frame_has_what_its_header_has() -> None:
    header = frame_header(seq=7, epoch="e", captured=1767225600.5, width=640, height=480, orientation=6)
    frame = Frame(header, JPEG, missed=3)

    assert (frame.camera, frame.seq, frame.epoch, frame.captured) == ("front", 7, "e", 1767225600.5)
    assert (frame.width, frame.height, frame.orientation) == (640, 480, 6)
    assert (frame.monotonic, frame.published) == (header.monotonic, header.published)
    assert (frame.source, frame.dropped) == ("test", 0)
    assert (frame.header, frame.jpeg, frame.missed) == (header, JPEG, 3)


def test_what_the_camera_says_is_the_metadata() -> None:
    assert Frame(frame_header(camera_metadata={"ExposureTime": 9998}), JPEG).metadata == {"ExposureTime": 9998}


def test_a_camera_that_says_nothing_has_no_metadata() -> None:
    assert Frame(frame_header(), JPEG).metadata == {}


def test_the_age_goes_by_the_monotonic_clock_on_the_same_host() -> None:
    before = time.monotonic()
    frame = Frame(frame_header(monotonic=before - 5, captured=0), JPEG)

    assert 4.999 < frame.age <= 5.001 + time.monotonic() - before


def test_the_age_goes_by_the_wall_clocks_between_hosts() -> None:
    before = time.time()
    frame = Frame(frame_header(monotonic=0, captured=before - 5), JPEG, same_host=False)

    assert 4.999 < frame.age <= 5.001 + time.time() - before


def test_the_age_grows() -> None:
    frame = Frame(frame_header(), JPEG)
    age = frame.age
    time.sleep(0.001)

    assert frame.age > age


def test_without_a_scale_the_image_has_the_size_of_the_picture() -> None:
    with Image.open(io.BytesIO(JPEG)) as picture:
        size = picture.size
    assert Frame(frame_header(), JPEG).image().size == size
    assert Frame(frame_header(), JPEG).image().mode == "RGB"


def test_frames_are_equal_where_all_but_the_text_of_the_header_is() -> None:
    header = frame_header(seq=7)
    frame = Frame(header, JPEG, missed=3, header_json=b"{}")
    same = Frame(msgspec.structs.replace(header), bytes(bytearray(JPEG)), missed=3)
    others = [
        Frame(msgspec.structs.replace(header, seq=8), JPEG, missed=3),
        Frame(header, JPEG[:-1], missed=3),
        Frame(header, JPEG),
        Frame(header, JPEG, missed=3, same_host=False),
        JPEG,
    ]
    assert frame == same
    assert [other for other in others if frame == other] == []
    assert len({frame, same, *others}) == 1 + len(others)
    assert hash(frame) == hash(same) != hash(others[0])
