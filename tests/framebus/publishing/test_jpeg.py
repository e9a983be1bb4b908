from typing import Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from framebus.publishing.jpeg import STANDARD_HUFFMAN_TABLES, Jpeg, JpegError
from tests.capture.jpegs import (
    APP1,
    DHT,
    EOI,
    ORIENTATION,
    SOF0,
    SOI,
    SOS,
    after_soi,
    exif,
    huffman_tables,
    jpeg,
    opened,
    segment,
    segments,
    without,
)

PICTURE = jpeg()
KINDS = {
    "baseline": PICTURE,
    "grey": jpeg((17, 31), quality=30),
    "progressive": jpeg(progressive=True),
    "restarts": jpeg(restart_marker_blocks=1),
    "thumbnail": after_soi(PICTURE, exif(6, behind=jpeg((16, 16)))),
    "optimised": jpeg(optimize=True),
}
SCAN = segment(SOS, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34"
FRAME = segment(SOF0, b"\x08\x00\x30\x00\x40\x01\x01\x11\x00")
EXIF = b"Exif\0\0"
TIFF = EXIF + b"MM\0\x2a\0\0\0\x08"
OTHER_ENTRY = b"\x01\x0f\0\x03\0\0\0\x01\0\x03\0\0"
ORIENTATION_6 = b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"


def without_repairs(parsed: Jpeg) -> Jpeg:
    return msgspec.structs.replace(parsed, repairs=())


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_picture_is_taken_as_it_is(kind: str) -> None:
    picture = KINDS[kind]
    parsed = Jpeg.parse(picture)
    assert parsed.data is picture
    assert (parsed.width, parsed.height) == opened(picture).size
    assert parsed.has_huffman_tables
    assert picture[parsed.scan : parsed.scan + 2] == b"\xff\xda"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_off_within_its_image_data_is_refused(kind: str) -> None:
    picture = KINDS[kind]
    for length in range(len(picture) - 3):  # the last byte of the image data may hold nothing but padding
        with pytest.raises(JpegError):
            Jpeg.parse(picture[:length])


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\0\0", b"\0" * 500], ids=["none", "half", "zeros", "padding"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_end_of_image_is_added(kind: str, tail: bytes) -> None:
    picture = KINDS[kind]
    parsed = Jpeg.parse(picture[:-2] + tail)
    assert parsed.data == picture
    assert parsed.repairs == ("missing end of image added",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("ahead", "repair"),
    [
        (b"\0", "bytes ahead of the picture removed"),
        (b"\r\n", "bytes ahead of the picture removed"),
        (b"\xef\xbb\xbf", "bytes ahead of the picture removed"),
        (b"CAMHDR\xff\x00\x01" * 200, "bytes ahead of the picture removed"),
        (SOI + EOI, "an empty picture ahead of the picture removed"),
        (SOI + EOI + b"\0\0\0", "an empty picture ahead of the picture removed"),
        (PICTURE[:300], "an incomplete picture ahead of the picture removed"),
        (PICTURE[: len(PICTURE) - 90], "an incomplete picture ahead of the picture removed"),
    ],
)
def test_what_lies_ahead_of_the_picture_is_removed(kind: str, ahead: bytes, repair: str) -> None:
    parsed = Jpeg.parse(ahead + KINDS[kind])
    assert parsed.data == KINDS[kind]
    assert parsed.repairs == (repair,)
    assert without_repairs(parsed) == Jpeg.parse(KINDS[kind])


@pytest.mark.parametrize("stray", [b"\0", b"\xff\0", b"\0" * 7, b"junk between two segments"])
@pytest.mark.parametrize("which", range(5))
def test_stray_bytes_before_a_marker_are_removed(stray: bytes, which: int) -> None:
    parts = [part.data for part in segments(PICTURE)]
    damaged = SOI + b"".join([*parts[:which], stray, *parts[which:]]) + EOI
    parsed = Jpeg.parse(damaged)
    assert parsed.data == PICTURE
    assert parsed.repairs == ("stray bytes between segments removed",)
    assert without_repairs(parsed) == Jpeg.parse(PICTURE)


def test_stray_bytes_between_two_scans_are_removed() -> None:
    picture = KINDS["progressive"]
    at = picture.rfind(b"\xff\xc4")  # the tables of the last scan; SOS follows
    at += 2 + int.from_bytes(picture[at + 2 : at + 4])
    parsed = Jpeg.parse(picture[:at] + b"stray" + picture[at:])
    assert parsed.data == picture
    assert without_repairs(parsed) == Jpeg.parse(picture)
    assert picture[parsed.scan :].startswith(b"\xff\xda")


@pytest.mark.parametrize("marker", [APP1, 0xFE], ids=["EXIF", "comment"])
def test_a_picture_within_a_segment_is_not_the_one_behind_a_cut_off_one(marker: int) -> None:
    thumbnail = EXIF + jpeg((16, 16))
    cut_off = after_soi(PICTURE, segment(marker, thumbnail))[:-100]
    assert Jpeg.parse(cut_off + PICTURE).data == PICTURE


def test_a_segment_that_is_none_ends_a_picture_without_an_end_of_image() -> None:
    assert Jpeg.parse(PICTURE[:-2] + b"\xff\xe0\x00\x01").data == PICTURE


def test_an_ff_at_the_end_of_the_image_data_stays() -> None:
    """FF 00 stands for a byte FF there, so not every 00 at the end is padding."""
    sizes = ((width, height) for width in range(8, 80, 8) for height in range(8, 80, 8))
    pictures = (jpeg(size, quality=quality) for size in sizes for quality in range(20, 90, 5))
    picture = next(picture for picture in pictures if picture.endswith(b"\xff\0\xff\xd9"))
    for tail in (b"", b"\0\0", b"\xff"):
        assert Jpeg.parse(picture[:-2] + tail).data == picture


@pytest.mark.parametrize(
    ("marker", "payload", "more"),
    [
        (0xE2, b"MPF\0II*\0", True),
        (0xE2, b"ICC_PROFILE\0", False),
        (APP1, b"MPF\0II*\0", False),
        (0xE2, b"\0MPF\0", False),
    ],
)
def test_the_index_of_several_pictures_is_known_by_its_label(marker: int, payload: bytes, more: bool) -> None:
    parsed = Jpeg.parse(after_soi(PICTURE, segment(marker, payload)))
    assert parsed.has_more_pictures is more


def test_of_two_pictures_the_first_is_taken() -> None:
    assert Jpeg.parse(PICTURE + KINDS["grey"]).data == PICTURE
    assert Jpeg.parse(KINDS["progressive"] + b"\0" * 9 + KINDS["grey"]).data == KINDS["progressive"]


def test_a_picture_with_more_pixels_than_allowed_is_refused_by_its_header() -> None:
    assert Jpeg.parse(PICTURE, max_megapixels=0.01).width == 64
    with pytest.raises(JpegError) as raised:
        Jpeg.parse(SOI + segment(SOF0, b"\x08\xff\xff\xff\xff\x01\x01\x11\x00") + SCAN + EOI, max_megapixels=100)
    assert str(raised.value) == (
        "65535x65535 are 4294.8 megapixels, allowed: at most 100 (max_megapixels of this camera)"
    )


@pytest.mark.parametrize("limit", [1, 0.9999995])
def test_a_megapixel_is_a_million_pixels(limit: float) -> None:
    picture = SOI + segment(SOF0, b"\x08\x03\xe8\x03\xe8\x01\x01\x11\x00") + SCAN + EOI
    if limit == 1:
        assert Jpeg.parse(picture, max_megapixels=limit).width == 1000
    else:
        with pytest.raises(JpegError, match=r"^1000x1000 are 1\.0 megapixels"):
            Jpeg.parse(picture, max_megapixels=limit)


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF])
def test_every_frame_header_tells_the_size(marker: int) -> None:
    frame = segment(marker, b"\x08\x12\x34\x00\x01\x01\x01\x11\x00")
    parsed = Jpeg.parse(SOI + frame + SCAN + EOI)
    assert (parsed.width, parsed.height) == (1, 0x1234)


@pytest.mark.parametrize("marker", [0xC8, 0xCC])
def test_what_lies_among_the_frame_headers_is_no_frame_header(marker: int) -> None:
    with pytest.raises(JpegError, match=r"\Ano frame header before the scan\Z"):
        Jpeg.parse(SOI + segment(marker, b"\x08\x12\x34\x00\x01\x01\x01\x11\x00") + SCAN + EOI)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes that begin with nothing, expected ffd8"),
        (b"\x89PNG\r\n", "6 bytes that begin with 8950, expected ffd8"),
        (b"\xff", "1 bytes that begin with ff, expected ffd8"),
        (SOI, "cut off after 2 bytes: no scan"),
        (SOI + EOI, "end of image at byte 2, before any scan"),
        (SOI + EOI + b"\0\0", "end of image at byte 2, before any scan"),
        (SOI + FRAME + EOI + b"\0\0", "end of image at byte 15, before any scan"),
        (SOI + b"\0\0\0\0", "cut off after 6 bytes: no scan"),
        (SOI + b"\xff\xe0\x00\x01", "a segment of 1 bytes at byte 2 of 6"),
        (SOI + b"\xff\xe0\x00\x03", "a segment of 3 bytes at byte 2 of 6"),
        (SOI + b"\xff\xe0\x01\x03\x00", "a segment of 259 bytes at byte 2 of 7"),
        (SOI + EOI + SOI + b"\xff\xe0\x00\x01", "end of image at byte 2, before any scan"),
        (SOI + segment(SOF0, b"\x08\x00\x30\x00") + SCAN + EOI, "a frame header that is too short"),
        (SOI + SCAN + EOI, "no frame header before the scan"),
        (SOI + segment(SOF0, b"\x08\x00\x00\x00\x40\x01\x01\x11\x00") + SCAN + EOI, "no frame header before the scan"),
        (SOI + FRAME + SCAN, "cut off after 27 bytes: no end of image"),
        (PICTURE[:-20], f"cut off after {len(PICTURE) - 20} bytes: no end of image"),
    ],
)
def test_the_reason_says_where_and_what(data: bytes, reason: str) -> None:
    with pytest.raises(JpegError) as raised:
        Jpeg.parse(data)
    assert str(raised.value) == reason


def test_a_frame_header_may_end_with_the_size_and_no_sooner() -> None:
    whole = segment(SOF0, b"\x08\x00\x30\x00\x40")
    parsed = Jpeg.parse(SOI + whole + SCAN + EOI)
    assert (parsed.width, parsed.height) == (64, 48)
    with pytest.raises(JpegError, match=r"\Aa frame header that is too short\Z"):
        Jpeg.parse(SOI + segment(SOF0, b"\x08\x00\x30\x01") + b"\xff" + SCAN + EOI)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_picture_or_a_jpeg_error(noise: bytes, begun: bool) -> None:
    with pytest.raises(JpegError):
        Jpeg.parse(SOI + noise if begun else noise)


@pytest.mark.slow
@settings(max_examples=400)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.integers(2, 800), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(1, 8),
)
@example("thumbnail", [(2, 0xFF)], 3)
def test_a_damaged_picture_is_a_jpeg_error_or_still_consistent(
    kind: str, changes: list[tuple[int, int]], orientation: int
) -> None:
    damaged = bytearray(KINDS[kind])
    for at, value in changes:
        damaged[at % len(damaged)] = value
    try:
        parsed = Jpeg.parse(bytes(damaged))
    except JpegError:
        return
    # A header that was damaged may read differently once the stray bytes are out; one without damage never does.
    assert parsed.repairs or parsed == Jpeg.parse(parsed.data)
    assert parsed.data.endswith(EOI)
    assert 1 <= parsed.orientation <= 8
    assert parsed.width > 0
    assert parsed.height > 0
    turned = parsed.with_huffman_tables().with_orientation(orientation)
    assert (turned.has_huffman_tables, turned.orientation) == (True, orientation)


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 5000, b"\xff" * 7, b"\xd9\xff", b"leftover\xff"])
def test_what_lies_behind_the_end_is_cut_off(padding: bytes) -> None:
    assert Jpeg.parse(PICTURE + padding).data == PICTURE


def test_the_end_of_a_thumbnail_is_not_the_end() -> None:
    picture = KINDS["thumbnail"]
    assert picture.count(EOI) == 2
    parsed = Jpeg.parse(picture)
    assert parsed.data is picture
    assert (parsed.width, parsed.height) == (64, 48)  # not the thumbnail's
    assert parsed.orientation == 6


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\xff\xff", b"\xff\x01", b"\xff\xd0\xff\xd7"])
def test_fill_bytes_and_markers_without_a_length_are_passed_over(fill: bytes) -> None:
    parsed = Jpeg.parse(after_soi(PICTURE, fill))
    assert (parsed.width, parsed.height) == (64, 48)
    assert parsed.scan == Jpeg.parse(PICTURE).scan + len(fill)


def test_restart_markers_within_the_scan_are_no_end() -> None:
    picture = KINDS["restarts"]
    assert any(bytes([0xFF, marker]) in picture for marker in range(0xD0, 0xD8))
    assert Jpeg.parse(picture).data is picture


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_in_both_byte_orders(orientation: int, order: Literal["big", "little"]) -> None:
    assert Jpeg.parse(after_soi(PICTURE, exif(orientation, order))).orientation == orientation


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0MM\0\x2a",
        b"Exif\0\0XX\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
        b"Exif\0\0MM\0\x2a\xff\xff\xff\xff\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
        b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff" + b"\x01\x0f" * 40,
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0",
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\x06\0\0\0\0\0\0",
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x00\0\0\0\0\0\0",
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0\0\0\0\0",
        b"http://ns.adobe.com/xap/1.0/\0<x/>",
        b"Exif\0\0XX\x2a\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x06\0\0\0",
        TIFF + b"\0\1" + OTHER_ENTRY + ORIENTATION_6,
        TIFF + b"\0\1" + ORIENTATION_6[:9].replace(b"\0\0\0\1\0", b"\0\0\0\1\6"),
    ],
)
def test_an_orientation_that_makes_no_sense_is_1(payload: bytes) -> None:
    assert Jpeg.parse(after_soi(PICTURE, segment(APP1, payload))).orientation == 1


def test_an_orientation_behind_other_entries_at_the_very_end_is_read() -> None:
    payload = TIFF + b"\0\3" + OTHER_ENTRY + OTHER_ENTRY + ORIENTATION_6
    assert Jpeg.parse(after_soi(PICTURE, segment(APP1, payload))).orientation == 6


@given(st.binary(max_size=60), st.sampled_from([b"MM\0\x2a", b"II\x2a\0"]))
def test_no_exif_breaks_the_picture(noise: bytes, order: bytes) -> None:
    parsed = Jpeg.parse(after_soi(PICTURE, segment(APP1, b"Exif\0\0" + order + noise)))
    assert 1 <= parsed.orientation <= 8


def test_of_two_orientations_the_first_counts_as_for_every_reader() -> None:
    picture = after_soi(PICTURE, exif(6), exif(3, "little"))
    assert Jpeg.parse(picture).orientation == 6
    assert opened(picture).getexif()[ORIENTATION] == 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_put_in_is_what_readers_find(orientation: int) -> None:
    turned = Jpeg.parse(PICTURE).with_orientation(orientation)
    assert turned.orientation == orientation
    assert opened(turned.data).getexif().get(ORIENTATION, 1) == orientation
    assert turned.data[turned.scan :] == PICTURE[Jpeg.parse(PICTURE).scan :]
    assert opened(turned.data).tobytes() == opened(PICTURE).tobytes()


@pytest.mark.parametrize("orientation", [1, 3, 8])
def test_an_orientation_put_in_outdoes_the_cameras_own(orientation: int) -> None:
    turned = Jpeg.parse(after_soi(PICTURE, exif(6, "little"))).with_orientation(orientation)
    assert turned.orientation == orientation
    assert opened(turned.data).getexif()[ORIENTATION] == orientation


def test_the_exif_put_in_holds_the_orientation_and_no_more() -> None:
    """TIFF 6.0, section 2: header, one entry of one SHORT, no other directory."""
    turned = Jpeg.parse(PICTURE).with_orientation(6)
    exif_of_one = bytes.fromhex("ffe1 0022 457869660000 4d4d002a00000008 0001 0112 0003 00000001 00060000 00000000")
    assert turned.data == SOI + exif_of_one + PICTURE[2:]
    assert turned.repairs == ()


def test_an_orientation_that_is_there_already_costs_nothing() -> None:
    parsed = Jpeg.parse(after_soi(PICTURE, exif(6)))
    assert parsed.with_orientation(6) is parsed


def test_the_standard_tables_are_those_of_libjpeg() -> None:
    ours = huffman_tables(SOI + STANDARD_HUFFMAN_TABLES + SCAN + EOI)
    assert ours == huffman_tables(PICTURE)
    assert sorted(ours) == [0x00, 0x01, 0x10, 0x11]
    assert len(STANDARD_HUFFMAN_TABLES) == 420


def test_left_out_huffman_tables_are_put_in() -> None:
    bare = without(PICTURE, DHT)
    parsed = Jpeg.parse(bare)
    assert not parsed.has_huffman_tables
    whole = parsed.with_huffman_tables()
    assert whole.has_huffman_tables
    assert opened(whole.data).tobytes() == opened(PICTURE).tobytes()
    assert [part.marker for part in segments(whole.data)][-2:] == [DHT, SOS]


def test_huffman_tables_that_are_there_stay() -> None:
    parsed = Jpeg.parse(KINDS["optimised"])
    assert parsed.with_huffman_tables() is parsed
    assert huffman_tables(parsed.data) != huffman_tables(PICTURE)


def test_tables_and_orientation_go_together() -> None:
    whole = Jpeg.parse(without(PICTURE, DHT)).with_huffman_tables().with_orientation(8)
    assert opened(whole.data).getexif()[ORIENTATION] == 8
    assert opened(whole.data).tobytes() == opened(PICTURE).tobytes()
