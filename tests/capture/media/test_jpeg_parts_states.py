"""What the parser of multipart bodies tells of the parts it has read, and how it goes on behind them."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from capture.media.jpeg_parts import MAX_LINE_BYTES, JpegParts, PartError
from tests.capture import jpegs

PICTURE = jpegs.jpeg()
WITHOUT_END = PICTURE[:-2]


def part(kind: bytes, content: bytes, *, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return b"--frame\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n" % (kind, size, content)


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def test_nothing_is_told_before_something_came() -> None:
    parts = JpegParts()
    assert parts.other_kind == ""
    assert parts.ended_by_next is False


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (b"text/plain; charset=utf-8", "text/plain"),
        (b"Text/HTML ;x", "text/html"),
        (b"text/\xe4", "text/\ufffd"),
        (b"text/\x01plain", ""),
        (b"x" * 60, "x" * 50),
    ],
)
def test_the_kind_of_a_part_that_is_no_picture_is_told_in_one_line(kind: bytes, told: str) -> None:
    parts = JpegParts()
    parts.feed(part(b"application/octet-stream", b"abc") + part(kind, b"abc"))
    assert parts.other_kind == told


def test_a_picture_that_was_ended_by_the_next_one_is_told_for_one_call_only() -> None:
    parts = JpegParts()
    assert parts.feed(b"--frame\r\n\r\n" + WITHOUT_END + b"\r\n--frame\r\n") == [PICTURE]
    assert parts.ended_by_next is True
    assert parts.feed(b"\r\n" + PICTURE) == [PICTURE]
    assert parts.ended_by_next is False


def stamped(timestamp: bytes, picture: bytes = PICTURE) -> bytes:
    return part(b"image/jpeg\r\nX-Timestamp: " + timestamp, picture)


def test_a_picture_that_is_sent_again_with_its_time_is_not_given_back() -> None:
    parts = JpegParts()
    other = jpegs.jpeg((40, 40))
    first, second = stamped(b"1767225600.125000"), stamped(b"1767225600.125000", other)
    fed = [
        (parts.feed(data), parts.is_repeating) for data in (first, first, second, second, part(b"image/jpeg", other))
    ]
    # Without a time, the last one may have been taken again.
    assert fed == [([PICTURE], False), ([], True), ([other], False), ([], True), ([other], False)]
    assert parts.damaged == 0


def test_a_camera_that_repeats_its_last_picture_counts_as_stalled_before_the_session_ends() -> None:
    parts = JpegParts()
    parts.feed(stamped(b"1767225600.125000"))
    assert [parts.stall("camera", seconds, 5) for seconds in (4.9, 5.1)] == [
        "",
        "camera: sends data, but for 5 seconds no JPEG; check the path in the URL",
    ]
    parts.feed(stamped(b"1767225600.125000"))
    assert [parts.stall("camera", seconds, 5) for seconds in (3.9, 4.1)] == [
        "",
        "camera: sends only its last picture again; check the camera behind it",
    ]


def test_a_length_beyond_the_limit_names_that_limit() -> None:
    with pytest.raises(PartError, match=r"^a picture of 2000 bytes, allowed: at most 1000$"):
        JpegParts(max_part_bytes=1000).feed(b"--frame\r\nContent-Length: 2000\r\n\r\n")


def test_a_picture_that_begins_where_a_line_without_end_is_thrown_away_is_found() -> None:
    parts = JpegParts()
    assert parts.feed(b"x" * MAX_LINE_BYTES + PICTURE[:2]) == []
    assert parts.feed(PICTURE[2:]) == [PICTURE]


def test_a_part_of_another_format_ends_with_its_length_although_the_delimiter_follows_at_once() -> None:
    parts = JpegParts()
    parts.feed(part(b"image/png", png()) + part(b"image/png", png()))
    assert parts.others == [png(), png()]


@pytest.mark.parametrize("ahead", [b"", b"12345"], ids=["at once", "behind other bytes"])
def test_a_picture_without_an_end_needs_no_byte_behind_its_length(ahead: bytes) -> None:
    content = ahead + WITHOUT_END
    whole = part(b"image/jpeg", content)
    parts = JpegParts()
    assert parts.feed(whole[: -len(b"\r\n")]) == [PICTURE]
    assert parts.ended_by_next is False


def test_what_follows_a_picture_without_an_end_is_read_in_the_same_call() -> None:
    parts = JpegParts()
    assert parts.feed(part(b"image/jpeg", WITHOUT_END) + part(b"image/jpeg", PICTURE)) == [PICTURE, PICTURE]


def test_after_a_gap_the_next_picture_begins_behind_a_delimiter() -> None:
    parts = JpegParts()
    stream = part(b"image/jpeg", PICTURE)
    before = parts.may_skip
    assert parts.feed(stream) == [PICTURE]
    assert (before, parts.may_skip) == (False, True)
    parts.skip()
    # The rest of a picture that has a small one in it, and what looks like a delimiter, byte by byte.
    for byte in b"rest\n--x\r\n\r\n" + PICTURE + b"\r\n" + stream[:-1]:
        assert parts.feed(bytes([byte])) in ([], [PICTURE])
    assert parts.feed(stream) == [PICTURE]
    assert (parts.damaged, parts.repairs.total()) == (0, 0)


def test_a_small_picture_behind_a_gap_is_not_taken() -> None:
    parts = JpegParts()
    parts.feed(part(b"image/jpeg", PICTURE))
    parts.skip()
    small = jpegs.jpeg((8, 8))
    assert parts.feed(small + b"rest of the large one\r\n" + part(b"image/jpeg", PICTURE)) == [PICTURE]


@pytest.mark.parametrize("step", [1, 7, 1_000_000])
def test_after_a_gap_all_pictures_behind_a_delimiter_are_taken_however_they_come(step: int) -> None:
    parts = JpegParts()
    stream = part(b"image/jpeg", PICTURE)
    parts.feed(stream)
    parts.skip()
    data = jpegs.jpeg((8, 8)) + b"rest of the large one\r\n" + stream * 2
    found = [picture for begin in range(0, len(data), step) for picture in parts.feed(data[begin : begin + step])]
    assert found == [PICTURE, PICTURE]


@pytest.mark.parametrize("stop", [JpegParts.skip, JpegParts.end], ids=["gap", "end"])
def test_a_part_whose_rest_does_not_come_has_no_wrong_length(stop: Callable[[JpegParts], object]) -> None:
    """Such as one with a gain map behind its picture."""
    parts = JpegParts()
    stream = part(b"image/jpeg", PICTURE + bytes(500))
    assert parts.feed(stream[: -len(b"\r\n") - 400]) == [PICTURE]
    stop(parts)
    assert parts.feed(stream) == [PICTURE]
    assert (parts.damaged, parts.repairs.total()) == (0, 0)


def test_a_short_delimiter_is_not_looked_for_in_pictures() -> None:
    parts = JpegParts()
    assert parts.feed(b"--ab\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE + b"\r\n--ab\r\n") == [PICTURE]
    assert not parts.may_skip
