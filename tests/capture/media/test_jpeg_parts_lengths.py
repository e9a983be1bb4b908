"""Parts whose length or type is wrong, and parts that are no pictures."""

import pytest

from capture.media.jpeg_parts import MAX_PART_BYTES, JpegParts, PartError
from tests.capture import jpegs
from tests.capture.media.test_jpeg_parts import fed


def part(kind: bytes, length: int | None, body: bytes, before: bytes = b"\r\n--frame\r\n") -> bytes:
    """One part with a type and a length, whatever they say."""
    headers = (b"Content-Type: " + kind + b"\r\n") if kind else b""
    return before + headers + (b"" if length is None else b"Content-Length: %d\r\n" % length) + b"\r\n" + body


SMALL = jpegs.jpeg((8, 8))


def test_a_picture_of_one_byte_is_damaged() -> None:
    assert fed(part(b"image/jpeg", 1, b"x") + part(b"image/jpeg", len(SMALL), SMALL)) == ([SMALL], 1)


def test_a_picture_of_its_first_two_bytes_is_damaged() -> None:
    assert fed(part(b"image/jpeg", 2, b"\xff\xd8") + part(b"image/jpeg", len(SMALL), SMALL)) == ([SMALL], 1)


@pytest.mark.parametrize("length", [100, -40], ids=["within its headers", "within its scan"])
def test_pictures_that_were_cut_off_are_counted(length: int) -> None:
    cut = jpegs.jpeg()[:length]
    data = b"".join(part(b"image/jpeg", None, cut) for _ in range(3)) + part(b"image/jpeg", len(SMALL), SMALL)
    assert fed(data) == ([SMALL], 3)


def test_a_length_of_many_digits_is_too_large() -> None:
    with pytest.raises(PartError) as refused:
        JpegParts().feed(b"--frame\r\nContent-Length: " + b"1" * 25 + b"\r\n\r\n")
    assert str(refused.value) == f"a picture of {'1' * 20} bytes, allowed: at most {MAX_PART_BYTES}"


def test_a_delimiter_without_dashes_is_known_from_a_single_header() -> None:
    """A picture without its end of image is complete when the delimiter comes, and waits for no next picture."""
    parts = JpegParts()
    first = part(b"image/jpeg", None, SMALL[:-2], before=b"ipcam264\r\n")
    assert parts.feed(first + b"\r\nipcam264\r\n") == [SMALL]


def test_a_part_without_a_type_is_of_no_kind() -> None:
    parts = JpegParts()
    assert parts.feed(part(b"", 5, b"hello") + b"\r\n--frame\r\n") == []
    assert parts.other_kind == ""


def test_in_a_part_that_is_no_picture_nothing_is_searched_for_one() -> None:
    """Also while no delimiter is known."""
    body = b"a\n" + SMALL
    data = part(b"application/json", len(body), body, before=b"") + part(b"image/jpeg", len(SMALL), SMALL)
    assert fed(data) == ([SMALL], 0)


def test_a_delimiter_right_at_the_beginning_ends_an_empty_part() -> None:
    data = b"--frame\nContent-Type: application/json\nContent-Length: 50000\n\n" + part(
        b"image/jpeg", len(SMALL), SMALL, before=b"\n--frame\n"
    )
    assert fed(data) == ([SMALL], 0)


def test_the_first_delimiter_within_a_length_that_is_too_large_ends_the_part() -> None:
    data = part(b"application/json", 50_000, b"{}") + 2 * part(b"image/jpeg", len(SMALL), SMALL)
    assert fed(data) == ([SMALL, SMALL], 0)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_part_of_another_kind_without_a_length_ends_at_the_delimiter_however_it_comes(step: int) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"\n--fram\n" * 20
    data = (part(b"image/png", None, picture) * 3) + b"\r\n--frame\r\n"
    parts = JpegParts()
    for begin in range(0, len(data), step):
        assert parts.feed(data[begin : begin + step]) == []
    assert [found.rstrip(b"\r") for found in parts.others] == [picture.rstrip(b"\r")] * 3
    assert parts.damaged == 0
