"""A picture becomes a message: what its header says, and which pictures are refused."""

import logging
from typing import Any

import msgspec
import pytest

from framebus.protocol import wire
from framebus.protocol.wire import MAX_MESSAGE_BYTES, VERSION, FrameHeader
from framebus.publishing.frame_builder import MAX_JPEG_BYTES, FrameBuilder
from framebus.publishing.jpeg import JpegError
from framebus.publishing.picture import Picture
from tests.capture import jpegs

JPEG = jpegs.jpeg((64, 48))


def picture(jpeg: bytes = JPEG, **metadata: Any) -> Picture:
    return Picture(jpeg, 1_700_000_000.123456789, 1234.123456789, metadata)


def build(
    builder: FrameBuilder, jpeg: bytes = JPEG, orientation: int = 1, **metadata: Any
) -> tuple[FrameHeader, bytes]:
    """The header and the JPEG as a subscriber reads them."""
    made = builder.build(
        picture(jpeg, **metadata), 7, source="testcard", orientation=orientation, dropped=3, kind="live"
    )
    message, header = wire.parse(made.message, FrameHeader)
    assert header == made.header
    return header, message.body


def test_the_header_says_what_is_in_the_picture_and_what_the_caller_said() -> None:
    header, body = build(FrameBuilder("front", "epoch-1"))
    assert body == JPEG
    assert (header.v, header.camera, header.epoch, header.seq) == (VERSION, "front", "epoch-1", 7)
    assert (header.width, header.height, header.orientation) == (64, 48, 1)
    assert (header.source, header.dropped) == ("testcard", 3)


def test_times_are_rounded_to_microseconds() -> None:
    header, _ = build(FrameBuilder("front", "epoch-1"))
    assert header.captured == 1_700_000_000.123457
    assert header.monotonic == 1234.123457
    assert header.published == round(header.published, 6)


def test_without_metadata_the_header_has_no_such_field() -> None:
    header, _ = build(FrameBuilder("front", "epoch-1"))
    assert header.camera_metadata is msgspec.UNSET
    header, _ = build(FrameBuilder("front", "epoch-1"), ExposureTime=33_000)
    assert header.camera_metadata == {"ExposureTime": 33_000}


def test_a_frame_for_the_subscribers_of_full_differs_in_its_topic_alone() -> None:
    live = FrameBuilder("front", "e").build(picture(), 1, source="s", orientation=1, dropped=0, kind="live")
    full = live.as_full()
    assert (live.kind, full.kind) == ("live", "full")
    assert full.header == live.header
    assert wire.split(full.message).kind == "full"
    assert wire.split(full.message).camera == "front"
    assert wire.split(full.message).body == wire.split(live.message).body


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_orientation_is_written_into_the_picture_and_the_header(orientation: int) -> None:
    header, body = build(FrameBuilder("front", "e"), orientation=orientation)
    assert header.orientation == orientation
    assert jpegs.opened(body).getexif()[jpegs.ORIENTATION] == orientation


def test_orientation_1_leaves_that_of_the_picture() -> None:
    header, body = build(FrameBuilder("front", "e"), jpegs.after_soi(JPEG, jpegs.exif(6)))
    assert header.orientation == 6
    assert jpegs.opened(body).getexif()[jpegs.ORIENTATION] == 6


def test_a_picture_may_have_the_limit_and_not_a_byte_more() -> None:
    build(FrameBuilder("front", "e", max_jpeg_bytes=len(JPEG)))
    with pytest.raises(JpegError) as said:
        build(FrameBuilder("front", "e", max_jpeg_bytes=len(JPEG) - 1))
    assert str(said.value) == f"{len(JPEG)} bytes, allowed: at most {len(JPEG) - 1}"


def test_the_size_is_judged_before_the_bytes_are_read() -> None:
    with pytest.raises(JpegError, match=r"^11 bytes, allowed: at most 10$"):
        build(FrameBuilder("front", "e", max_jpeg_bytes=10), b"no picture!")


@pytest.mark.slow
def test_the_largest_picture_leaves_room_for_its_header_in_a_message() -> None:
    filler = jpegs.segment(0xEF, bytes(65_533))
    count = (MAX_JPEG_BYTES - len(JPEG)) // len(filler)
    largest = jpegs.after_soi(JPEG, filler * count)
    made = FrameBuilder("c" * 63, "e").build(
        picture(largest, Note="x" * 10_000), 2**53, source="s" * 200, orientation=6, dropped=2**53, kind="live"
    )
    assert MAX_JPEG_BYTES - len(largest) < len(filler)
    assert len(made.message) + MAX_JPEG_BYTES - len(largest) <= MAX_MESSAGE_BYTES


@pytest.mark.parametrize(("megapixels", "is_allowed"), [(None, True), (0.003072, True), (0.003071, False)])
def test_a_picture_may_have_so_many_pixels(megapixels: float | None, is_allowed: bool) -> None:
    builder = FrameBuilder("front", "e", max_megapixels=megapixels)
    if is_allowed:
        build(builder)
    else:
        with pytest.raises(JpegError):
            build(builder)


def test_an_incomplete_picture_is_refused() -> None:
    with pytest.raises(JpegError):
        build(FrameBuilder("front", "e"), JPEG[: len(JPEG) // 2])


def test_a_repair_is_made_on_every_picture_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    builder = FrameBuilder("front", "e")
    with caplog.at_level(logging.WARNING, "framebus"):
        for _ in range(3):
            assert build(builder, JPEG[:-2])[1] == JPEG
    assert [record.message for record in caplog.records] == [
        "testcard: its pictures are not as they should be: missing end of image added; said only once"
    ]


def test_missing_huffman_tables_are_put_in() -> None:
    _, body = build(FrameBuilder("front", "e"), jpegs.without(JPEG, jpegs.DHT))
    assert jpegs.huffman_tables(body) == jpegs.huffman_tables(JPEG)
