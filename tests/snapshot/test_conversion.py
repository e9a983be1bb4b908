import io
from typing import Any

import pytest
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from framebus.protocol.stills import SnapshotRequest
from snapshot.conversion import Conversion, convert
from snapshot.errors import StillError
from snapshot.still import Still
from tests.capture.jpegs import after_soi, exif
from tests.gateway.camera import claiming
from tests.headers import frame_header
from tests.padded_jpeg import GREY, SUBSAMPLINGS, green, padded


def still(size: tuple[int, int] = (640, 360), orientation: int = 1, mode: str = "RGB") -> Still:
    """Four quarters of the picture in four colours, and a tag saying how to turn it."""
    picture = Image.new("RGB", size, "white")
    width, height = size
    for place, colour in (((0, 0), "red"), ((width // 2, 0), "green"), ((0, height // 2), "blue")):
        picture.paste(colour, (*place, place[0] + width // 2, place[1] + height // 2))
    jpeg = io.BytesIO()
    picture.convert(mode).save(jpeg, "JPEG", quality=95)
    data = jpeg.getvalue() if orientation == 1 else after_soi(jpeg.getvalue(), exif(orientation))
    return Still(frame_header("front", 1, width=width, height=height, orientation=orientation), data)


def converted(before: Still, **parameters: object) -> tuple[Still, Image.Image]:
    wanted = Conversion.of(before, SnapshotRequest(camera="front", **parameters))  # type: ignore[arg-type]
    assert wanted is not None
    after = convert(before, wanted, 64)
    return after, Image.open(io.BytesIO(after.jpeg))


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({"width": 320}, (320, 180)),
        ({"height": 90}, (160, 90)),
        ({"width": 320, "height": 90}, (160, 90)),
        ({"width": 100, "height": 300}, (100, 56)),
        ({"width": 1}, (1, 1)),
        ({"width": 639}, (639, 359)),
        ({"quality": 10}, (640, 360)),
        ({"width": 5000, "quality": 10}, (640, 360)),
    ],
)
def test_the_aspect_stays_and_nothing_is_enlarged(parameters: dict[str, int], size: tuple[int, int]) -> None:
    after, picture = converted(still(), **parameters)
    assert picture.size == size
    assert (after.header.width, after.header.height) == size
    assert after.header.seq == 1


@pytest.mark.parametrize("parameters", [{"width": 100}, {"height": 100}, {"width": 100, "height": 100}])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_scaled_picture_is_decoded_at_a_reduced_scale(
    parameters: dict[str, int], orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    load = JpegImageFile.load

    def noting(picture: JpegImageFile) -> Any:
        decoded.append(picture.size)
        return load(picture)

    monkeypatch.setattr(JpegImageFile, "load", noting)
    for upright in ({}, {"orientation": "upright"}):
        converted(still((1600, 1200), orientation), **parameters, **upright)
        assert decoded
        assert max(map(max, decoded)) <= 400
        decoded.clear()


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(641, 361), (646, 482), (854, 482), (1283, 721), (9, 5)])
@pytest.mark.parametrize("share", [4, 8, 16])
def test_what_lies_behind_the_edge_of_a_picture_is_not_seen(
    size: tuple[int, int], subsampling: str, share: int
) -> None:
    """In full size, the chroma of an odd size shows a trace; what is decoded at reduced scale does not."""
    before = Still(frame_header("front", 1, width=size[0], height=size[1]), padded(size, subsampling))
    low, high = green(converted(before, width=max(1, size[0] // share))[1])
    assert low >= GREY - 6
    assert high <= GREY + 6


def test_quality_counts() -> None:
    assert len(converted(still(), quality=95)[0].jpeg) > len(converted(still(), quality=10)[0].jpeg)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_tag_stays_unless_the_pixels_are_turned(orientation: int) -> None:
    before = still(orientation=orientation)
    after, picture = converted(before, width=320)
    assert after.header.orientation == orientation
    assert picture.getexif().get(0x0112, 1) == orientation
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(before.jpeg)))
    if orientation > 1:
        upright, turned = converted(before, orientation="upright")
        assert (upright.header.orientation, turned.getexif().get(0x0112, 1)) == (1, 1)
        assert turned.size == seen.size
        for place in ((40, 40), (seen.width - 40, 40), (40, seen.height - 40)):
            found, expected = turned.getpixel(place), seen.getpixel(place)
            assert isinstance(found, tuple)
            assert isinstance(expected, tuple)
            assert all(abs(a - b) < 30 for a, b in zip(found, expected, strict=True))


def test_the_width_of_an_upright_picture_is_as_it_is_seen() -> None:
    _, picture = converted(still(orientation=6), orientation="upright", width=180)
    assert picture.size == (180, 320)
    assert Conversion.of(still(orientation=6), SnapshotRequest(camera="front", orientation="upright", width=360)) == (
        Conversion.of(still(orientation=6), SnapshotRequest(camera="front", orientation="upright"))
    )


def test_a_grey_picture_stays_grey() -> None:
    assert converted(still(mode="L"), width=100)[1].mode == "L"


def test_what_is_no_picture_is_an_error() -> None:
    before = still()
    wanted = Conversion.of(before, SnapshotRequest(camera="front", width=10))
    assert wanted is not None
    with pytest.raises((OSError, ValueError)):
        convert(Still(before.header, b"\xff\xd8 nothing"), wanted, 64)


@pytest.mark.parametrize(
    ("claimed", "max_megapixels"), [((40_000, 40_000), 64), ((65_535, 65_535), 500), ((1200, 900), 1)]
)
def test_a_picture_over_the_limit_of_its_camera_is_refused_before_it_is_decoded(
    claimed: tuple[int, int], max_megapixels: float
) -> None:
    before = still((1200, 900)) if claimed == (1200, 900) else Still(still().header, claiming(claimed))
    wanted = Conversion.of(before, SnapshotRequest(camera="front", width=10))
    assert wanted is not None
    with pytest.raises(StillError) as refused:
        convert(before, wanted, max_megapixels)
    width, height = claimed
    assert (refused.value.code, str(refused.value)) == (
        "too-large",
        f"a picture of camera front has {width}x{height} pixels; "
        f"allowed: at most {max_megapixels} megapixels (max_megapixels)",
    )


def test_a_picture_at_the_limit_is_converted() -> None:
    before = still((1000, 1000))
    wanted = Conversion.of(before, SnapshotRequest(camera="front", width=10))
    assert wanted is not None
    assert convert(before, wanted, 1).header.width == 10
