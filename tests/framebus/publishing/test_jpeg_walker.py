"""The end of a picture is found as its bytes come in, and what is no picture is told why."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.publishing.jpeg_walker import LONG_DELIMITER, JpegWalker, Step
from tests.capture import jpegs
from tests.capture.jpegs import EOI, SOI, segment

PICTURE = jpegs.jpeg()
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0")
FRAME = segment(0xC0, b"\x08\0\x10\0\x10\1\1\x11\0")
SHORT, LONG = b"--frame", b"--ipcam264"
PIECES = (b"\xff", b"\0", b"\xff\0", b"\xff\xd0", EOI, SOI, b"\r", b"\n", b"a", b"--", SHORT, LONG)
"""Of image data, and of what may stand where they end."""


def walked(data: bytes, start: int = 0, delimiter: bytes = b"") -> tuple[Step, JpegWalker]:
    walker = JpegWalker(start, delimiter)
    return walker.walk(data), walker


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}], ids=str)
def test_a_picture_ends_at_its_end_of_image(options: dict[str, Any]) -> None:
    picture = jpegs.jpeg(**options)
    step, walker = walked(picture + b"behind it" + picture)
    assert (step, walker.at, walker.flaw) == ("end", len(picture), "")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}], ids=str)
@pytest.mark.parametrize("delimiter", [b"", SHORT, LONG])
def test_it_is_found_the_same_way_when_the_bytes_come_one_by_one(options: dict[str, Any], delimiter: bytes) -> None:
    picture = jpegs.after_soi(jpegs.jpeg((16, 16), **options), b"\xff\xff", b"stray")
    walker, buffer = JpegWalker(0, delimiter), bytearray()
    steps = []
    for value in picture:
        buffer.append(value)
        steps.append(walker.walk(buffer))
    assert steps == ["more"] * (len(picture) - 1) + ["end"]
    at_once = walked(picture, 0, delimiter)[1]
    assert (walker.at, walker.segments) == (at_once.at, at_once.segments)


def test_a_picture_may_begin_within_the_buffer() -> None:
    step, walker = walked(b"\xff\xd9head" + PICTURE, 6)
    assert (step, walker.at) == ("end", 6 + len(PICTURE))
    assert all(begin >= 8 for _, begin, _ in walker.segments)


def test_the_segments_are_told_with_their_places() -> None:
    data = SOI + segment(0xE0, b"JFIF") + FRAME + SCAN + b"\x55" + EOI
    _, walker = walked(data)
    assert walker.segments == [(0xE0, 2, 10), (0xC0, 10, 10 + len(FRAME)), (0xDA, 23, 23 + len(SCAN))]
    assert walker.stray == []
    assert walker.has_scan


@pytest.mark.parametrize("stray", [b"\0", b"garbage", b"\xff\0", b"\xff\x02", b"\xff\xbf"])
def test_bytes_between_segments_are_skipped_and_noted(stray: bytes) -> None:
    data = SOI + FRAME + stray + SCAN + b"\x55" + EOI
    step, walker = walked(data)
    begin = 2 + len(FRAME)
    assert (step, walker.stray) == ("end", [(begin, begin + len(stray))])


@pytest.mark.parametrize("fill", [b"\xff", b"\xff" * 9])
def test_fill_bytes_are_no_stray_bytes(fill: bytes) -> None:
    step, walker = walked(SOI + FRAME + fill + SCAN + b"\x55" + EOI)
    assert (step, walker.stray) == ("end", [])


@pytest.mark.parametrize("marker", [0x01, *range(0xD0, 0xD8)])
def test_markers_without_a_length_are_no_segments(marker: int) -> None:
    step, walker = walked(SOI + bytes([0xFF, marker]) + FRAME + SCAN + b"\x55" + EOI)
    assert (step, len(walker.segments)) == ("end", 2)


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (SOI + EOI, "end of image at byte 2, before any scan"),
        (SOI + FRAME + EOI, "end of image at byte 15, before any scan"),
        (SOI + SOI, "the next picture begins before this one ends"),
        (SOI + FRAME + SCAN + b"\x55" + SOI, "the next picture begins before this one ends"),
        (SOI + b"\xff\xe0\0\0", "a segment of 0 bytes at byte 2 of 6"),
        (SOI + b"\xff\xe0\0\1", "a segment of 1 bytes at byte 2 of 6"),
        (SOI + FRAME + FRAME, "a second frame header at byte 15"),
        (SOI + FRAME + segment(0xC2, b"\0" * 6), "a second frame header at byte 15"),
    ],
)
def test_what_is_no_picture_is_told_why(data: bytes, flaw: str) -> None:
    step, walker = walked(data)
    assert (step, walker.flaw) == ("cut", flaw)


@pytest.mark.parametrize("end", [2, 3, 4, 5, 6, 14])
def test_a_header_that_has_not_come_yet_is_waited_for(end: int) -> None:
    step, walker = walked((SOI + FRAME)[:end])
    assert (step, walker.flaw) == ("more", "")
    assert not walker.has_scan


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("delimiter", [SHORT, LONG])
def test_a_delimiter_ends_a_picture_without_an_end_of_image(delimiter: bytes, line_end: bytes) -> None:
    begun = SOI + FRAME + SCAN + b"\x55\xff\0\x55"
    step, walker = walked(begun + line_end + delimiter + b"\r\n", 0, delimiter)
    assert (step, walker.at, walker.flaw) == ("cut", len(begun), "no end of image")


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from([SHORT, LONG]))
def test_image_data_end_where_an_expression_for_both_of_their_ends_matches_first(
    pieces: list[bytes], delimiter: bytes
) -> None:
    line_end = rb"(?:\r?\n)?" if delimiter == LONG else rb"\r?\n"
    either = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]|" + line_end + re.escape(delimiter))
    picture = SOI + FRAME + SCAN + b"".join(pieces)
    match = either.search(picture, len(SOI + FRAME + SCAN))
    step, walker = walked(picture, delimiter=delimiter)
    if match is None:
        assert (step, walker.in_scan) == ("more", True)
    else:
        assert step != "more"
        assert walker.at == match.start() + (len(EOI) if match[0] == EOI else 0)


def test_only_a_long_delimiter_is_believed_without_the_line_end_before_it() -> None:
    begun = SOI + FRAME + SCAN + b"\x55"
    assert len(SHORT) < LONG_DELIMITER <= len(LONG)
    assert walked(begun + SHORT + b"more", 0, SHORT)[0] == "more"
    step, walker = walked(begun + LONG, 0, LONG)
    assert (step, walker.at) == ("cut", len(begun))


@pytest.mark.parametrize("filled", [b"\0", b"\0" * 30, b"\xff\xdb\0\x43" + b"\0" * 9])
def test_a_delimiter_among_the_headers_cuts_the_picture_off(filled: bytes) -> None:
    step, walker = walked(SOI + filled + b"\r\n" + LONG + b"\r\n" + b"\0" * 80, 0, LONG)
    assert (step, walker.flaw) == ("cut", "cut off within its headers")
    assert walker.at == 2 + len(filled) + 1


@pytest.mark.parametrize("marker", [0xE0, 0xEF, 0xFE])
def test_a_delimiter_within_application_data_or_a_comment_is_data(marker: int) -> None:
    data = SOI + segment(marker, b"\r\n" + LONG + b"\r\n") + FRAME + SCAN + b"\x55" + EOI
    step, walker = walked(data, 0, LONG)
    assert (step, walker.at) == ("end", len(data))


def test_a_delimiter_with_letters_of_a_pattern_is_taken_literally() -> None:
    delimiter = b"--a.b*c(d["
    begun = SOI + FRAME + SCAN + b"\x55--axbbcxd[\x55"
    step, walker = walked(begun + b"\r\n" + delimiter, 0, delimiter)
    assert (step, walker.at) == ("cut", len(begun))


@pytest.mark.parametrize(("delimiter", "step"), [(b"--abcde", "more"), (b"--abcdef", "cut")])
def test_a_long_delimiter_is_known_without_a_line_end_before_it(delimiter: bytes, step: str) -> None:
    picture = jpegs.jpeg()[:-2]
    walker = JpegWalker(delimiter=delimiter)
    assert walker.walk(picture + delimiter + b"\r\n") == step
    assert step == "more" or walker.at == len(picture)


def test_a_picture_is_cut_at_the_first_delimiter_within_a_segment() -> None:
    inside = b"\n--frame\r\n\r\n" + b"x" * 20 + b"\n--frame" + b"y" * 100
    data = SOI + segment(0xDB, inside) + EOI
    walker = JpegWalker(delimiter=b"--frame")
    assert walker.walk(data) == "cut"
    assert walker.at == data.index(b"\n--frame")
    assert walker.flaw == "cut off within its headers"
