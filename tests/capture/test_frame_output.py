import json
import time

import pytest

from framebus.publishing.frame_builder import MAX_JPEG_BYTES
from tests.capture.fake_source import Lost, ScriptedSource, With
from tests.capture.jpegs import APP1, DHT, ORIENTATION, after_soi, exif, jpeg, opened, segments, without
from tests.capture.reading import CUT_OFF, CUT_OFF_REASON, PICTURE, Start
from tests.processes import wait_until


def test_frames_are_numbered_and_none_is_skipped(read: Start) -> None:
    pictures = [jpeg((16 + number, 16)) for number in range(40)]
    reading = read(*pictures)
    for number, picture in enumerate(pictures, 1):
        if number % 7 == 0:
            time.sleep(0.02)  # one that takes its time misses nothing
        frame = reading.frame()
        assert (frame.seq, frame.missed, frame.jpeg) == (number, 0, picture)
        assert (frame.width, frame.height) == (15 + number, 16)


def test_a_header_says_what_is_known(read: Start) -> None:
    before, before_monotonic = time.time(), time.monotonic()
    header = read(PICTURE).frame().header
    assert (header.v, header.camera, header.epoch, header.source) == (1, "front", "e1", "scripted")
    assert (header.width, header.height, header.orientation, header.dropped) == (32, 24, 1, 0)
    assert before - 1e-6 <= header.captured <= time.time()
    assert before_monotonic - 1e-6 <= header.monotonic <= header.published <= time.monotonic() + 1e-6
    assert header.captured == round(header.captured, 6)


def test_what_the_camera_says_goes_along(read: Start) -> None:
    reading = read(With({"ExposureTime": 9987, "Lux": 40.5}, PICTURE), PICTURE)
    assert reading.frame().metadata == {"ExposureTime": 9987, "Lux": 40.5}
    published = None
    while published is None:
        published = reading.take()
    assert "camera_metadata" not in json.loads(published.message.split(b"\n")[1])


def test_a_source_is_told_the_number_that_its_picture_will_bear(read: Start) -> None:
    source = ScriptedSource(PICTURE, CUT_OFF, PICTURE, b"", None, PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert source.numbers == [1, 2, 2, 3, 3]


def test_an_incomplete_picture_is_counted_and_never_handed_over(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    last = jpeg((48, 48))
    reading = read(CUT_OFF, b"", PICTURE, b"garbage", CUT_OFF, last)
    assert [(frame.seq, frame.jpeg) for frame in (reading.frame(), reading.frame())] == [(1, PICTURE), (2, last)]
    assert reading.reader.bad == 4
    assert caplog.messages[0] == f"1 pictures dropped that are incomplete JPEGs (1 in all): {CUT_OFF_REASON}"


@pytest.mark.slow
def test_losses_are_said_once_a_second_and_not_for_each_picture(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(*[b"bad"] * 100, PICTURE)
    reading.frame()

    def all_said() -> bool:
        reading.reader.flush_logs()
        return caplog.messages[-1].endswith("(100 in all): 3 bytes that begin with 6261, expected ffd8")

    wait_until(all_said, "the rest of the losses in the log")
    assert reading.reader.bad == 100
    assert len(caplog.messages) < 20


def test_a_picture_that_no_message_can_hold_is_thrown_away(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(PICTURE.ljust(MAX_JPEG_BYTES + 1, b"\0"), PICTURE.ljust(MAX_JPEG_BYTES, b"\0"))
    assert reading.frame().jpeg == PICTURE
    assert reading.reader.bad == 1
    assert caplog.messages == [
        "1 pictures dropped that are incomplete JPEGs (1 in all): "
        f"{MAX_JPEG_BYTES + 1} bytes, allowed: at most {MAX_JPEG_BYTES}"
    ]


def test_a_picture_larger_than_allowed_is_thrown_away(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    small = PICTURE.ljust(2000, b"\0")
    reading = read(PICTURE.ljust(2001, b"\0"), small, max_jpeg_bytes=2000)
    assert reading.frame().jpeg == PICTURE
    assert caplog.messages[0].endswith(": 2001 bytes, allowed: at most 2000")


def test_frames_that_the_camera_lost_are_told(read: Start) -> None:
    reading = read(PICTURE, Lost(3, PICTURE), PICTURE, Lost(1, CUT_OFF), Lost(1, PICTURE))
    assert [reading.frame().header.dropped for _ in range(4)] == [0, 3, 3, 5]
    assert reading.reader.dropped == 5


def test_an_orientation_is_written_into_the_picture(read: Start) -> None:
    frame = read(PICTURE, orientation=6).frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_an_orientation_outdoes_the_cameras(read: Start) -> None:
    frame = read(after_soi(PICTURE, exif(3)), orientation=6).frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_without_an_orientation_the_cameras_own_stands(read: Start) -> None:
    picture = after_soi(PICTURE, exif(3))
    frame = read(picture).frame()
    assert (frame.orientation, frame.jpeg) == (3, picture)


def test_huffman_tables_are_put_in(read: Start) -> None:
    bare = without(PICTURE, DHT)
    frame = read(bare, orientation=8).frame()
    markers = [part.marker for part in segments(frame.jpeg)]
    assert (markers.count(DHT), markers[0]) == (1, APP1)
    assert opened(frame.jpeg).tobytes() == opened(PICTURE).tobytes()


def test_a_picture_that_cannot_be_handled_costs_itself_alone(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Metadata that is no JSON, of a library that is newer than this code."""
    source = ScriptedSource(PICTURE, *[With({"Sensor": object()}, PICTURE)] * 5, PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(2)] == [1, 2]
    assert source.calls == ["open"]
    assert reading.reader.bad == 5
    assert sum("Traceback" in message for message in caplog.messages) == 1
