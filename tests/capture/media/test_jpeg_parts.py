"""JPEGs come out of a multipart body byte for byte, whatever the framing, and as soon as they are whole."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media import jpeg_parts
from capture.media.jpeg_parts import MAX_PART_BYTES, JpegParts, PartError
from tests.capture import jpegs
from tests.capture.media.mjpeg_camera import Framing

PICTURES = [
    jpegs.jpeg(),
    jpegs.jpeg((200, 120), quality=95, comment=b"\r\n--frame\r\nContent-Length: 7\r\n\r\n"),
    jpegs.jpeg(progressive=True),
    jpegs.jpeg(restart_marker_blocks=1),
    # A thumbnail within is a whole JPEG, end and all.
    jpegs.after_soi(jpegs.jpeg((80, 80)), jpegs.exif(6, behind=jpegs.jpeg((16, 16)))),
    jpegs.after_soi(jpegs.jpeg((96, 64)), b"\xff\xff\xff", jpegs.segment(0xEF, b"")),
]
SCAN_AT = PICTURES[0].rindex(b"\xff\xda") + 14
"""Behind the header of its only scan."""

FRAMINGS = {
    "as it should be": Framing(),
    "without a length": Framing(content_length=False),
    "dashes in the header": Framing("--ipcam264", "--ipcam264"),
    "dashes upon dashes": Framing("--ipcam264", "----ipcam264"),
    "no dashes in the body": Framing("ipcam264", "ipcam264"),
    "no dashes, no length": Framing("ipcam264", "ipcam264", content_length=False),
    "quoted": Framing('"ipcam264"'),
    "another word than it says": Framing("foo", "--bar", content_length=False),
    "bare line feeds": Framing(newline="\n"),
    "bare line feeds, no length": Framing(newline="\n", content_length=False),
    "no delimiter first": Framing(first_delimiter=False),
    "no delimiter first, no length": Framing(first_delimiter=False, content_length=False),
    "delimiter with the next": Framing(delimiter_with_picture=False),
    "delimiter with the next, no length": Framing(delimiter_with_picture=False, content_length=False),
    "image/jpg": Framing(part_type="image/jpg"),
    "more headers": Framing(extra_headers=("X-Timestamp: 0.000000", "Date: now", "X-Empty:")),
}
framings = pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS.keys())


def body(framing: Framing, pictures: list[bytes]) -> bytes:
    return framing.head + b"".join(map(framing.part, pictures))


def fed(data: bytes, *cuts: int) -> tuple[list[bytes], int]:
    """What comes out when the data arrives in pieces, and how much was damaged."""
    parts = JpegParts()
    edges = [0, *sorted(cuts), len(data)]
    found = [jpeg for start, end in pairwise(edges) for jpeg in parts.feed(data[start:end])]
    return found, parts.damaged


@framings
def test_pictures_come_out_byte_for_byte(framing: Framing) -> None:
    assert fed(body(framing, PICTURES)) == (PICTURES, 0)


@pytest.mark.slow
@framings
@given(cuts=st.lists(st.integers(0, 12000), max_size=30))
def test_where_the_data_is_cut_makes_no_difference(framing: Framing, cuts: list[int]) -> None:
    data = body(framing, PICTURES)
    assert fed(data, *(cut % len(data) for cut in cuts)) == (PICTURES, 0)


@framings
def test_byte_by_byte_makes_no_difference(framing: Framing) -> None:
    data = body(framing, PICTURES[:2])
    assert fed(data, *range(len(data))) == (PICTURES[:2], 0)


@framings
@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_handed_over_with_its_last_byte(framing: Framing, picture: bytes) -> None:
    data = body(framing, [picture])
    end = data.index(picture) + len(picture)
    parts = JpegParts()
    assert parts.feed(data[: end - 1]) == []
    assert parts.feed(data[end - 1 : end]) == [picture]


def test_concatenated_pictures_need_no_framing_at_all() -> None:
    assert fed(b"".join(PICTURES)) == (PICTURES, 0)


def test_padding_behind_a_picture_is_no_matter() -> None:
    padded = Framing(content_length=False).part(PICTURES[0] + bytes(500))
    assert fed(padded * 3) == (PICTURES[:1] * 3, 0)


def test_a_blank_line_behind_the_delimiter_is_no_matter() -> None:
    part = b"--x\r\n\r\nContent-Type: image/jpeg\r\nContent-Length:   %d\r\n\r\n" % len(PICTURES[0])
    assert fed((part + PICTURES[0]) * 2) == (PICTURES[:1] * 2, 0)


def test_no_headers_at_all_are_no_matter() -> None:
    assert fed((b"--x\r\n\r\n" + PICTURES[0] + b"\r\n") * 2) == (PICTURES[:1] * 2, 0)


@pytest.mark.parametrize("length", [b"0", b"-5", b"many", b""])
def test_a_length_that_is_none_is_not_believed(length: bytes) -> None:
    assert fed(b"--x\r\nContent-Length: " + length + b"\r\n\r\n" + PICTURES[0]) == (PICTURES[:1], 0)


def test_parts_that_are_no_pictures_are_passed_over() -> None:
    sound = b"--x\r\nContent-Type: audio/basic\r\nContent-Length: 4\r\n\r\n\x01\x02\xff\xd8\r\n"
    text = b"--x\r\nContent-Type: text/plain\r\n\r\nmotion: yes\r\n\r\nsince: 12:00\r\n"
    data = sound + text + Framing(delimiter_with_picture=False).part(PICTURES[0])
    assert fed(data * 2) == (PICTURES[:1] * 2, 0)


def test_a_picture_that_is_none_is_counted() -> None:
    data = body(Framing(), [b"<html>camera is starting</html>", PICTURES[0]])
    assert fed(data) == (PICTURES[:1], 1)


@pytest.mark.parametrize("left", [2, 3, SCAN_AT, SCAN_AT + 20, -20])
def test_a_picture_that_was_cut_off_costs_none_but_itself(left: int) -> None:
    data = body(Framing(content_length=False), [PICTURES[1], PICTURES[0][:left], PICTURES[3]])
    assert fed(data) == ([PICTURES[1], PICTURES[3]], 1)


@pytest.mark.parametrize("left", range(2, SCAN_AT, 11))
def test_one_that_was_cut_off_in_its_headers_may_cost_the_next(left: int) -> None:
    found, damaged = fed(body(Framing(content_length=False), [PICTURES[0][:left], *PICTURES[2:4] * 2]))
    assert found[-2:] == PICTURES[2:4]
    assert damaged


@pytest.mark.parametrize("left", [2, 3, 30, SCAN_AT, SCAN_AT + 20])
def test_with_a_length_one_that_was_cut_off_costs_none_but_itself_either(left: int) -> None:
    pictures = [PICTURES[1], PICTURES[0][:left], PICTURES[3]]
    assert fed(body(Framing(), pictures)) == ([PICTURES[1], PICTURES[3]], 1)


@framings
@pytest.mark.parametrize("tail", [b"", b"\xff", b"\0\0", bytes(300)], ids=["none", "half", "zeros", "padding"])
def test_pictures_without_an_end_of_image_get_one(framing: Framing, tail: bytes) -> None:
    bare = [picture[:-2] + tail for picture in PICTURES]
    data = body(framing, bare)
    parts = JpegParts()
    found = [jpeg for start in range(0, len(data), 99) for jpeg in parts.feed(data[start : start + 99])] + parts.end()
    assert (found, parts.damaged) == (PICTURES, 0)


@pytest.mark.parametrize("framing", [FRAMINGS["as it should be"], FRAMINGS["bare line feeds"]])
def test_one_without_end_of_image_is_handed_over_with_the_delimiter(framing: Framing) -> None:
    parts = JpegParts()
    assert parts.feed(body(framing, [PICTURES[0][:-2]])) == PICTURES[:1]


@pytest.mark.parametrize(
    ("length", "repairs"),
    [
        (lambda size: 30_000, {"Content-Length larger than the picture, ignored": 5}),
        (lambda size: size + 100, {"Content-Length larger than the picture, ignored": 5}),
        (lambda size: size - 100, {"Content-Length smaller than the picture, ignored": 6}),
        (lambda size: size - 2, {"Content-Length smaller than the picture, ignored": 6}),
        (lambda size: 1, {"Content-Length smaller than the picture, ignored": 6}),
        (lambda size: size, {}),
    ],
)
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_a_wrong_length_costs_no_picture(length: Callable[[int], int], repairs: dict[str, int], newline: str) -> None:
    parts = JpegParts()
    for number, picture in enumerate(PICTURES):
        head = newline.join(
            ["--frame", "Content-Type: image/jpeg", f"Content-Length: {length(len(picture))}", "", ""]
        ).encode()
        assert parts.feed(head + picture) == [picture]
        assert parts.feed(newline.encode()) == []
        assert parts.damaged == 0, number
    assert parts.repairs == repairs


@pytest.mark.parametrize("ahead", [b"\r\n", b"\n", b"\0", b"CAMHDR\0\1" * 20, jpegs.SOI + jpegs.EOI])
@framings
def test_bytes_between_the_headers_and_the_picture_are_skipped(framing: Framing, ahead: bytes) -> None:
    assert fed(body(framing, [ahead + picture for picture in PICTURES])) == (PICTURES, 0)


@framings
def test_of_two_pictures_in_a_part_the_first_one_counts(framing: Framing) -> None:
    gain_map = jpegs.jpeg((16, 16), quality=20)
    assert fed(body(framing, [picture + gain_map for picture in PICTURES])) == (PICTURES, 0)


@framings
@pytest.mark.parametrize("tail", [b"\0" * 20_000, b"dhav\x59\x19\x01\0"])
def test_bytes_behind_the_picture_are_skipped(framing: Framing, tail: bytes) -> None:
    assert fed(body(framing, [picture + tail for picture in PICTURES])) == (PICTURES, 0)


def test_stray_bytes_before_a_marker_cost_no_picture() -> None:
    at = PICTURES[0].index(b"\xff\xdb")
    odd = PICTURES[0][:at] + b"\0" + PICTURES[0][at:]
    for framing in FRAMINGS.values():
        assert fed(body(framing, [odd] * 3)) == ([odd] * 3, 0)


def test_pictures_behind_a_length_of_their_own_are_found() -> None:
    assert fed(b"".join(len(picture).to_bytes(4) + picture for picture in PICTURES)) == (PICTURES, 0)


def test_the_end_of_the_answer_leaves_nothing_behind() -> None:
    parts = JpegParts()
    assert parts.feed(body(Framing(), PICTURES[:1])[:-200]) == []
    parts.end()
    assert parts.damaged == 1
    parts.end()
    assert parts.damaged == 1
    assert parts.feed(PICTURES[2]) == [PICTURES[2]]


def test_a_picture_cannot_be_larger_than_a_message() -> None:
    too_large = f"a picture of {MAX_PART_BYTES + 1} bytes, allowed: at most {MAX_PART_BYTES}"
    with pytest.raises(PartError) as said:
        JpegParts().feed(b"Content-Length: %d\r\n\r\n" % (MAX_PART_BYTES + 1))
    assert str(said.value) == too_large
    JpegParts().feed(b"Content-Length: %d\r\n\r\n" % MAX_PART_BYTES)


def test_a_picture_without_end_does_not_grow_for_ever() -> None:
    parts = JpegParts(max_part_bytes=10_000)
    begun = PICTURES[0][:-2]
    assert parts.feed(begun + bytes(10_000 - len(begun))) == []
    with pytest.raises(PartError, match=r"^a picture of 10001 bytes, allowed: at most 10000$"):
        parts.feed(bytes(1))


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    parts = JpegParts()
    for _ in range(100):
        assert parts.feed(bytes(10_000)) == []
        assert len(parts._buffer) <= jpeg_parts.MAX_LINE_BYTES + 10_000
    assert parts.feed(b"\n" + body(Framing(), PICTURES)) == PICTURES


@pytest.mark.medium
@given(st.lists(st.one_of(st.binary(max_size=200), st.sampled_from([b"\xff\xd8", b"\xff\xd9", b"\xff\xda\x00\x02"]))))
def test_garbage_yields_pieces_of_itself_or_nothing(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    found, _ = fed(data, *range(0, len(data), 7))
    at = 0
    for jpeg in found:
        assert jpeg[:2] == b"\xff\xd8"
        at = data.index(jpeg, at) + len(jpeg)


@given(st.binary(max_size=300).filter(lambda noise: b"\xff" not in noise))
def test_after_noise_it_finds_its_way_back(noise: bytes) -> None:
    found, _ = fed(noise + b"\r\n" + body(Framing(content_length=False), PICTURES[:1] * 3))
    assert found[-1:] == PICTURES[:1]


OTHER_PARTS = {"text/html": 0, "image/png": 1}
"""Types of parts without a JPEG, and whether such a part counts as damaged."""


@pytest.mark.parametrize("kind", OTHER_PARTS)
@pytest.mark.parametrize("surplus", [0, 3, 500])
@pytest.mark.parametrize("content", [b"busy", b"", b"two\r\nlines"])
def test_the_delimiter_ends_a_part_whose_length_is_too_large(kind: str, surplus: int, content: bytes) -> None:
    """Otherwise the length takes the next picture along."""
    length = len(content) + 2 + surplus
    other = f"--ipcam264\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode() + content
    parts = JpegParts()
    found = parts.feed(body(Framing(), PICTURES[:1]).removesuffix(b"--ipcam264\r\n") + other + b"\r\n")
    found += parts.feed(b"--ipcam264\r\n")
    assert not parts.inside_picture
    found += parts.feed(Framing().part(PICTURES[2]))
    assert (found, parts.damaged) == ([PICTURES[0], PICTURES[2]], OTHER_PARTS[kind])


def test_a_part_without_a_picture_ends_with_its_length_where_no_delimiter_is_known() -> None:
    other = b"Content-Type: text/html\r\nContent-Length: 4\r\n\r\nbusy"
    parts = JpegParts()
    assert parts.feed(other) == []
    assert not parts.inside_picture
    assert parts.feed(PICTURES[0]) == PICTURES[:1]


def test_what_is_damaged_adds_up() -> None:
    parts = JpegParts()
    no_picture = b"--f\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\nbusy\r\n"
    cut_off = b"--f\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURES[0][:SCAN_AT] + b"\r\n"
    assert parts.feed(no_picture * 2) == []
    assert parts.damaged == 2
    assert parts.feed(cut_off * 2 + b"--f\r\n") == []
    assert parts.damaged == 4
    parts.feed(b"Content-Type: image/jpeg\r\n\r\n" + PICTURES[0][:SCAN_AT])
    assert parts.inside_picture
    assert parts.end(complete=False) == []
    assert parts.damaged == 5
    assert parts.end() == []
    assert parts.damaged == 5


@framings
def test_framing_that_is_right_is_no_repair(framing: Framing) -> None:
    parts = JpegParts()
    parts.feed(body(framing, PICTURES[:3]))
    parts.end()
    assert parts.repairs == {}


def test_a_picture_in_small_letters_of_its_type_is_one_and_other_types_are_none() -> None:
    def part(kind: bytes) -> bytes:
        head = b"--f\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(PICTURES[0]))
        return head + PICTURES[0] + b"\r\n"

    found, damaged = fed(part(b"AUDIO/basic") + part(b"Image/JPEG") + part(b"application/json") + part(b""))
    assert (found, damaged) == ([PICTURES[0]] * 2, 0)


WITHOUT_END = PICTURES[0][:-2]


def part_of(jpeg: bytes, length: int | None) -> bytes:
    head = b"--b\r\nContent-Type: image/jpeg\r\n" + (b"" if length is None else b"Content-Length: %d\r\n" % length)
    return head + b"\r\n" + jpeg + b"\r\n"


def test_a_picture_without_an_end_is_complete_with_the_length_of_its_part() -> None:
    parts = JpegParts()
    assert parts.feed(part_of(WITHOUT_END, len(WITHOUT_END))) == [PICTURES[0]]
    assert not parts.ended_by_next
    assert parts.feed(part_of(WITHOUT_END, len(WITHOUT_END))) == [PICTURES[0]]
    assert parts.damaged == 0


@pytest.mark.parametrize(
    "length", [None, len(WITHOUT_END) - 100, len(WITHOUT_END) + 10_000], ids=["none", "small", "large"]
)
def test_without_a_right_length_it_is_complete_with_the_next_one(length: int | None) -> None:
    parts = JpegParts()
    assert parts.feed(part_of(WITHOUT_END, length)) == []
    assert parts.feed(part_of(WITHOUT_END, length)) == [PICTURES[0]]
    assert parts.ended_by_next


@pytest.mark.parametrize(
    ("kind", "data"), [("image/png", b"\x89PNG\r\n\x1a\n data"), ("video/h264", b"\0\0\0\1\x67 data")]
)
def test_a_part_of_another_format_without_a_length_goes_to_the_next_delimiter(kind: str, data: bytes) -> None:
    parts = JpegParts()
    assert parts.feed(b"--b\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + data + b"\r\n--b\r\n") == []
    assert [other.removesuffix(b"\r") for other in parts.others] == [data]
    assert (parts.other_kind, parts.damaged) == (kind, 0)
