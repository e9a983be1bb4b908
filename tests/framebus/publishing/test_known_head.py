"""Pictures that are recognized by their head are what a whole parse makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.publishing.jpeg import Jpeg, JpegError
from framebus.publishing.known_head import MAX_LABELS, KnownHead
from tests.capture.jpegs import APP1, EOI, SOI, after_soi, exif, jpeg, segment, without

APP0, APP2, COM, DHT = 0xE0, 0xE2, 0xFE, 0xC4
PICTURE = jpeg()
KINDS = {
    "baseline": PICTURE,
    "grey": jpeg((17, 31), quality=30),
    "progressive": jpeg(progressive=True),
    "restarts": jpeg(restart_marker_blocks=1),
    "turned": after_soi(PICTURE, exif(6)),
    "no Huffman tables": without(PICTURE, DHT),
    "no label": without(PICTURE, APP0),
}


def with_label(picture: bytes, text: bytes, marker: int = COM) -> bytes:
    return after_soi(picture, segment(marker, text))


def other_data(picture: bytes) -> bytes:
    """The same head and another picture behind it."""
    return picture[:-20] + picture[-12:]


def known(picture: bytes, max_megapixels: float | None = None) -> KnownHead:
    head = KnownHead(max_megapixels)
    head.parse(picture)
    return head


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_pictures_are_parsed_alike(kind: str) -> None:
    picture = KINDS[kind]
    head = known(picture)
    for following in (
        picture,
        other_data(picture),
        with_label(picture, b"taken at 12:00:01"),
        with_label(with_label(picture, b"AVI1", APP0), b"12"),
        picture,
    ):
        assert head.parse(following) == Jpeg.parse(following)
        assert head.parse(following).data is following


def test_the_image_data_is_not_searched() -> None:
    """An end of image within them ends the picture for a whole parse; here it is left where it is."""
    odd = PICTURE[:-10] + EOI + PICTURE[-10:]
    assert Jpeg.parse(odd).data == PICTURE[:-10] + EOI
    assert known(PICTURE).parse(odd).data is odd


def test_another_size_is_parsed_as_a_whole_and_known_from_then_on() -> None:
    larger = jpeg((64, 48))
    head = known(PICTURE)
    assert [head.parse(picture).width for picture in (larger, larger, PICTURE)] == [64, 64, Jpeg.parse(PICTURE).width]


def test_another_orientation_is_another_head() -> None:
    head = known(after_soi(PICTURE, exif(6)))
    assert head.parse(after_soi(PICTURE, exif(3))).orientation == 3
    assert head.parse(PICTURE).orientation == 1


@pytest.mark.parametrize("before", [PICTURE, PICTURE[:-12] + b"data" * 5000 + PICTURE[-12:]], ids=["alike", "longer"])
def test_a_picture_with_another_one_in_it_is_parsed_as_a_whole(before: bytes) -> None:
    head = known(PICTURE)
    assert head.parse(before).data is before
    others = (
        PICTURE,
        with_label(PICTURE, b"12:00:01"),
        jpeg(quality=30),
        jpeg((80, 64)),
        jpeg(optimize=True),
        jpeg(restart_marker_blocks=1),
        jpeg(progressive=True),
    )
    for two in (*(PICTURE + other for other in others), *(PICTURE[:-20] + other for other in others)):
        assert head.parse(two) == Jpeg.parse(two)
        assert head.parse(two).data != two


def test_another_picture_is_noticed_without_huffman_tables_too() -> None:
    bare, finer = without(PICTURE, DHT), without(jpeg(quality=95), DHT)
    head = known(bare)
    for two in (bare + bare, bare[:-20] + bare, bare + finer, bare[:-20] + finer):
        assert head.parse(two) == Jpeg.parse(two)
        assert head.parse(two).data != two


@pytest.mark.parametrize(
    "damaged",
    [PICTURE[: len(PICTURE) // 2], PICTURE[:30], b"", SOI, EOI, SOI + EOI, SOI + b"\xff\xfe\xff\xff" + EOI],
    ids=["half", "no scan", "nothing", "SOI", "EOI", "SOI and EOI", "a label beyond the end"],
)
def test_what_is_no_picture_is_refused_as_ever(damaged: bytes) -> None:
    head = known(PICTURE)
    with pytest.raises(JpegError) as expected:
        Jpeg.parse(damaged)
    with pytest.raises(JpegError) as refused:
        head.parse(damaged)
    assert str(refused.value) == str(expected.value)
    assert head.parse(PICTURE).data is PICTURE


def test_what_was_corrected_is_corrected_again() -> None:
    for repaired in (PICTURE + b"\0\0", b"\0" + PICTURE, after_soi(PICTURE, b"\0\0")):
        head = known(repaired)
        again = head.parse(repaired)
        assert again == Jpeg.parse(repaired)
        assert again.repairs == Jpeg.parse(repaired).repairs


def test_a_file_of_several_pictures_is_never_known() -> None:
    several = after_soi(PICTURE, segment(APP2, b"MPF\0"))
    assert known(several).parse(several).has_more_pictures


def test_too_many_labels_are_parsed_as_a_whole() -> None:
    many = PICTURE
    for _ in range(MAX_LABELS + 1):
        many = with_label(many, b"label")
    assert known(PICTURE).parse(many) == Jpeg.parse(many)
    assert known(many).parse(many) == Jpeg.parse(many)


def test_a_picture_that_is_too_large_does_not_become_known() -> None:
    head = KnownHead(max_megapixels=0.000001)
    for _ in range(2):
        with pytest.raises(JpegError, match="megapixels"):
            head.parse(PICTURE)


@given(st.binary(max_size=200), st.integers(0, len(PICTURE)), st.integers(0, 40))
def test_whatever_is_given_begins_and_ends_as_a_picture(junk: bytes, at: int, cut: int) -> None:
    head = known(with_label(PICTURE, b"known", APP1 - 1))
    data = PICTURE[:at] + junk + PICTURE[at + cut :]
    try:
        parsed = head.parse(data)
    except JpegError:
        return
    assert parsed.data.startswith(SOI)
    assert parsed.data.endswith(EOI)
    assert parsed.data[parsed.scan : parsed.scan + 2] == b"\xff\xda"
