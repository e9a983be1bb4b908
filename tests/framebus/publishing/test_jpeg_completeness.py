"""A JPEG without an end of image is complete, or was cut off."""

import io
import random
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from framebus.publishing.jpeg_completeness import DRI, is_complete
from framebus.publishing.jpeg_walker import SOS, JpegWalker
from tests.capture import jpegs

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True},
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "4:2:0": {"subsampling": 2},
    "restart markers by row": {"restart_marker_rows": 1},
    "restart markers by block": {"restart_marker_blocks": 5},
    "restart markers, progressive": {"restart_marker_blocks": 5, "progressive": True},
}
SIZES = [(64, 48), (65, 49), (8, 8), (1, 1), (200, 16), (272, 264)]


def judged(picture: bytes, *, at_full_size: bool = True) -> bool:
    """What the module says of a picture without its end of image."""
    walker = JpegWalker()
    assert walker.walk(picture) == "more"
    return is_complete(picture, walker.segments) if at_full_size else is_complete(picture, walker.segments, 0)


def noise(**options: Any) -> bytes:
    """A picture whose last block takes about a hundred bytes."""
    file = io.BytesIO()
    Image.frombytes("RGB", (48, 40), random.Random(1).randbytes(48 * 40 * 3)).save(file, "JPEG", quality=97, **options)
    return file.getvalue()


def grey(**options: Any) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((65, 49)).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_picture_that_lacks_the_end_of_image_alone_is_complete(kind: str, size: tuple[int, int]) -> None:
    assert judged(jpegs.jpeg(size, **KINDS[kind])[:-2])


@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 3}, {"progressive": True}], ids=str)
def test_a_grey_picture_is_judged_as_well(options: dict[str, Any]) -> None:
    picture = grey(**options)
    assert judged(picture[:-2])
    assert not judged(picture[:-40])


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_was_cut_off_within_its_last_scan_is_not(kind: str) -> None:
    picture = jpegs.jpeg((64, 48), quality=95, **KINDS[kind])
    begin = picture.rfind(b"\xff\xda") + 20
    for end in (begin, (begin + len(picture)) // 2, begin + 3 * (len(picture) - begin) // 4):
        assert not judged(picture[:end]), f"cut at {end} of {len(picture)}"


@pytest.mark.parametrize("kind", KINDS)
def test_not_a_byte_of_the_last_block_may_be_missing(kind: str) -> None:
    picture = noise(**KINDS[kind])
    assert judged(picture[:-2])
    accepted = [missing for missing in range(1, 200) if judged(picture[: -2 - missing])]
    assert accepted == []


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_very_large_picture_is_judged_at_an_eighth_of_its_size(size: tuple[int, int]) -> None:
    picture = jpegs.jpeg(size, quality=95)
    assert judged(picture[:-2], at_full_size=False)
    begin = picture.rfind(b"\xff\xda") + 14
    assert not judged(picture[:begin], at_full_size=False)
    if size == (64, 48):
        assert not judged(picture[: begin + 3 * (len(picture) - begin) // 4], at_full_size=False)


@pytest.mark.parametrize(("limit", "found"), [(300 * 280, True), (300 * 280 - 1, False)])
def test_a_progressive_picture_with_too_many_pixels_is_refused(limit: int, found: bool) -> None:
    picture = jpegs.jpeg((300, 280), progressive=True)[:-2]
    walker = JpegWalker()
    walker.walk(picture)
    assert is_complete(picture, walker.segments, limit) is found


def test_a_progressive_picture_that_lacks_a_last_refinement_is_not() -> None:
    """Of any component, also where the scans behind it are all there."""
    picture = jpegs.jpeg((64, 48), progressive=True)
    walker = JpegWalker()
    walker.walk(picture)
    scans = [(begin, end) for marker, begin, end in walker.segments if marker == SOS]
    last = [begin for begin, end in scans if picture[end - 1] & 0x0F == 0]
    assert len(last) == 4
    for scan in last:
        behind = min((begin for _, begin, _ in walker.segments if begin > scan), default=len(picture) - 2)
        assert not judged(picture[:scan] + picture[behind:-2])


@pytest.mark.parametrize("scans", range(1, 4))
def test_a_progressive_picture_that_lacks_its_last_scans_is_not(scans: int) -> None:
    picture = jpegs.jpeg((64, 48), progressive=True)
    for _ in range(scans):
        picture = picture[: picture.rfind(b"\xff\xda")]
    walker = JpegWalker()
    walker.walk(picture)
    assert not is_complete(picture, walker.segments)


def test_a_picture_that_ends_ahead_of_a_restart_marker_is_not() -> None:
    picture = jpegs.jpeg((64, 48), restart_marker_blocks=4)
    last = max(picture.rfind(b"\xff" + bytes([marker])) for marker in range(0xD0, 0xD8))
    assert not judged(picture[:last])


def test_a_picture_in_which_a_restart_marker_is_missing_is_not() -> None:
    picture = jpegs.jpeg((64, 48), restart_marker_blocks=4)[:-2]
    first = picture.find(b"\xff\xd0")
    second = picture.find(b"\xff\xd1")
    assert 0 < first < second
    assert not judged(picture[:first] + picture[second:])


def test_a_restart_interval_of_nothing_is_none() -> None:
    assert judged(jpegs.after_soi(jpegs.jpeg(), jpegs.segment(DRI, b"\0\0"))[:-2])


def test_a_scan_of_a_component_that_the_frame_has_not_is_no_picture() -> None:
    picture = bytearray(jpegs.jpeg(restart_marker_blocks=4)[:-2])
    picture[picture.find(b"\xff\xda") + 5] = 99
    assert not judged(bytes(picture))


def test_what_cannot_be_decoded_is_not_complete() -> None:
    tables_gone = jpegs.without(jpegs.jpeg(), 0xDB)[:-2]
    assert not judged(tables_gone)


def test_a_header_that_promises_too_many_pixels_is_not_believed() -> None:
    picture = bytearray(jpegs.jpeg()[:-2])
    frame = picture.find(b"\xff\xc0")
    picture[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert not judged(bytes(picture))


def test_without_a_frame_header_there_is_no_picture() -> None:
    assert not is_complete(b"\xff\xd8", [])
    scan = jpegs.SOI + jpegs.segment(SOS, b"\1\1\0\0\x3f\0") + b"\x55"
    assert not judged(scan)


@pytest.mark.parametrize("body", [b"", b"\1", b"\1\1\0", b"\0\0\0\0"])
@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 4}], ids=str)
def test_a_scan_of_nothing_behind_the_last_one_is_no_picture(options: dict[str, Any], body: bytes) -> None:
    assert not judged(jpegs.jpeg(**options)[:-2] + jpegs.segment(SOS, body) + b"\x55")


@pytest.mark.parametrize("body", [b"", b"\0"])
def test_a_restart_interval_that_is_too_short_is_no_picture(body: bytes) -> None:
    assert not judged(jpegs.after_soi(jpegs.jpeg(), jpegs.segment(DRI, body))[:-2])


def scans(picture: bytes) -> tuple[bytes, list[bytes]]:
    """A progressive picture as what comes before its scans, and the scans, each with the tables ahead of it."""
    walker = JpegWalker()
    walker.walk(picture)
    ends = [end for marker, _, end in walker.segments if marker == SOS]
    frame = next(end for marker, _, end in walker.segments if marker == 0xC2)
    starts = [frame, *(next(b for m, b, _ in walker.segments if b > end) for end in ends[:-1])]
    parts = [picture[a:b] for a, b in pairwise([*starts, len(picture)])]
    return picture[:frame], parts


def test_the_restart_markers_of_a_component_of_half_the_size_are_counted() -> None:
    """In the last scan, where the decoder would go on without those that are missing."""
    picture = jpegs.jpeg((72, 56), progressive=True, subsampling=2, restart_marker_blocks=2)[:-2]
    head, parts = scans(picture)
    components = [part[part.rindex(b"\xff\xda") + 5] for part in parts]
    assert components[-2:] == [2, 1] or components[-1] == 1, "the brightness comes last"
    chroma = max(at for at, component in enumerate(components) if component in (2, 3))
    moved = head + b"".join([*parts[:chroma], *parts[chroma + 1 :], parts[chroma]])
    assert judged(moved)
    without = moved[: moved.rindex(b"\xff\xda") + 10]
    assert not judged(without)
    for cut in (3, 10, 20):
        assert not judged(moved[:-cut])


def test_a_last_scan_of_a_component_that_the_frame_does_not_have_is_not_complete() -> None:
    picture = grey(restart_marker_blocks=3)[:-2]
    other = bytes.fromhex("ffda 0008 01 09 00 00 3f 00") + b"\x00"
    assert not judged(picture + other)


def test_a_coefficient_that_no_scan_has_is_missing() -> None:
    picture = grey()[:-2]
    at = picture.rindex(b"\xff\xda") + 8
    assert picture[at] == 63
    assert judged(picture)
    assert not judged(picture[:at] + b"\x3e" + picture[at + 1 :])
