"""Recorded frames as messages: the header as it was stored, and smaller pictures for slow links."""

import io
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from framebus.protocol.wire import FrameHeader, RecordedHeader, parse, split
from framebus.publishing.jpeg import Jpeg
from framebus.recordings.folder import RecordedFrame
from framebus.recordings.segment_beginning import SegmentError
from framebus.recordings.timeline import Segment
from gateway.viewers.recorded_message import divisor_for, recorded_message
from tests.framebus.recordings.segments import STARTED, header, jpeg

SEGMENT = Segment(path=Path("x.mkv"), start=STARTED, begin=STARTED, end=STARTED + 60, bytes=1, made=STARTED)
LARGE = msgspec.structs.replace(header(0), width=1280, height=720)


def recorded(picture: bytes = jpeg(0), header_json: bytes = b"", head: FrameHeader = LARGE) -> RecordedFrame:
    return RecordedFrame(head, picture, STARTED + 5, SEGMENT, header_json)


def test_the_header_is_that_of_the_file_with_keys_of_later_versions() -> None:
    stored = msgspec.json.decode(msgspec.json.encode(LARGE)) | {"later": [1], "id": 99}
    message = recorded_message(recorded(header_json=msgspec.json.encode(stored)), "front", 7)
    assert msgspec.json.decode(split(message).header) == stored | {"at": STARTED + 5, "id": 7}
    assert split(message).body == jpeg(0)


@pytest.mark.parametrize("stored", [b"", b"nonsense", b"[1]\n[2]", b'{"v":1}', b"\xff"])
def test_a_damaged_header_is_encoded_again(stored: bytes) -> None:
    parts, found = parse(recorded_message(recorded(header_json=stored), "back", 7), RecordedHeader)
    assert (parts.camera, found.camera, found.seq, parts.body) == ("back", "back", LARGE.seq, jpeg(0))


@pytest.mark.parametrize("seq", [2**60, 2**80])
def test_a_header_that_no_reader_takes_is_refused(seq: int) -> None:
    with pytest.raises(SegmentError, match="is damaged"):
        recorded_message(recorded(head=msgspec.structs.replace(LARGE, seq=seq)), "front", 7)


@pytest.mark.parametrize(
    ("size", "width", "bytes_a_second", "divisor"),
    [
        (160_000, None, 1000, 1),  # as it was recorded
        (160_000, 640, None, 1),  # nothing is known, and it is small
        (1_000_000, 640, None, 2),
        (160_000, 640, 10_000_000, 1),  # the link carries it
        (160_000, 640, 1_000_000, 2),
        (160_000, 1280, 1_000_000, 1),  # 160 ms: as large as it is wanted
        (160_000, 160, 1_000_000, 8),
        (160_000, 1280, 400_000, 2),  # 400 ms are too long
        (160_000, 1280, 10_000, 8),
    ],
)
def test_how_small_a_frame_is_sent(size: int, width: float | None, bytes_a_second: float | None, divisor: int) -> None:
    assert divisor_for(LARGE, size, width, bytes_a_second) == divisor


@pytest.mark.parametrize("divisor", [2, 4, 8])
def test_a_smaller_frame_has_its_own_size_and_the_orientation(divisor: int) -> None:
    file = io.BytesIO()
    Image.effect_noise((1280, 720), 50).convert("RGB").save(file, "JPEG")
    frame = recorded(file.getvalue(), head=msgspec.structs.replace(LARGE, orientation=6))
    parts, found = parse(recorded_message(frame, "front", 7, divisor), RecordedHeader)
    picture = Image.open(io.BytesIO(parts.body))
    assert (found.width, found.height) == picture.size == (1280 // divisor, 720 // divisor)
    assert Jpeg.parse(parts.body).orientation == found.orientation == 6


def test_a_frame_that_cannot_be_made_smaller_is_sent_as_it_is() -> None:
    parts, found = parse(recorded_message(recorded(b"\xff\xd8\xff\xd9"), "front", 7, 2), RecordedHeader)
    assert (parts.body, found.width) == (b"\xff\xd8\xff\xd9", 1280)


def test_a_picture_that_claims_to_be_enormous_is_not_decoded() -> None:
    assert divisor_for(msgspec.structs.replace(LARGE, width=60_000, height=60_000), 10**7, 640, 1000) == 1
