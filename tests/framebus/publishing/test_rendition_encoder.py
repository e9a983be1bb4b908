"""Renditions have the size, the look and the header that they should, whatever the JPEG of the camera is like."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from capture.v4l2.raw import Layout
from framebus.config.size import Size
from framebus.protocol.renditions import RENDITIONS, rendition_size
from framebus.protocol.wire import FrameHeader, parse
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.picture import Picture
from framebus.publishing.rendition_encoder import MAX_PROFILE_BYTES, decode, encode
from tests.capture.jpegs import DHT, ORIENTATION, after_soi, exif, jpeg, opened, segment, without
from tests.padded_jpeg import SUBSAMPLINGS, green, padded

MOST_DIFFERENCE = 6
"""Mean difference of a channel, of 255, that two compressions and two ways of scaling may make."""


def frame(
    picture: bytes, *, orientation: int = 1, scaled: Callable[[int], Image.Image] | None = None, **metadata: Any
) -> Published:
    taken = Picture(picture, 1767225600.5, 100.25, metadata, scaled)
    return FrameBuilder("front", "e1").build(
        taken, 42, source="scripted", orientation=orientation, dropped=3, kind="live"
    )


def saved(image: Image.Image, **options: Any) -> bytes:
    output = io.BytesIO()
    image.save(output, "JPEG", **options)
    return output.getvalue()


def looks_like(small: Image.Image, large: Image.Image) -> bool:
    expected = large.convert("RGB").resize(small.size, Image.Resampling.BOX)
    difference = ImageStat.Stat(ImageChops.difference(small.convert("RGB"), expected)).mean
    return max(difference) < MOST_DIFFERENCE


@pytest.mark.parametrize(
    "size",
    [
        (640, 480),
        (641, 479),
        (642, 481),
        (643, 483),
        (16, 16),
        (17, 15),
        (8, 8),
        (7, 5),
        (3, 3),
        (2, 1),
        (1, 1),
        (1, 9),
    ],
)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": "4:4:4"}], ids=str)
def test_the_size_is_a_half_or_a_quarter_rounded_up(size: tuple[int, int], options: dict[str, Any]) -> None:
    source = frame(jpeg(size, **options))

    for renditions in (RENDITIONS, ["half"], ["quarter"]):
        made = encode(source, renditions, 60)  # type: ignore[arg-type]
        assert sorted(made) == sorted(renditions)
        for rendition, published in made.items():
            parts, header = parse(published.message, FrameHeader)
            assert (parts.kind, published.kind) == (rendition, rendition)
            assert (header.width, header.height) == rendition_size(*size, rendition) == opened(parts.body).size
            if min(size) >= 480:
                assert looks_like(opened(parts.body), opened(source.jpeg))


def test_the_header_is_that_of_the_frame_but_for_the_size_and_when_it_was_sent() -> None:
    source = frame(jpeg((64, 48)), orientation=6, Gain=2.5)
    made = encode(source, ["half"], 60)["half"]

    assert made.header == parse(made.message, FrameHeader)[1]
    same = ("v", "camera", "seq", "epoch", "captured", "monotonic", "orientation", "source", "dropped")
    assert [getattr(made.header, key) for key in same] == [getattr(source.header, key) for key in same]
    assert made.header.camera_metadata == {"Gain": 2.5}
    assert made.header.published >= source.header.published


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_kept(orientation: int) -> None:
    """Of the configuration, or of the camera; the pixels stay as they lie."""
    pictures = (frame(jpeg((64, 48)), orientation=orientation), frame(after_soi(jpeg((64, 48)), exif(orientation))))
    for source in pictures:
        made = encode(source, ["half"], 60)["half"]
        assert made.header.orientation == orientation
        image = opened(made.jpeg)
        assert image.size == (32, 24)
        assert image.getexif().get(ORIENTATION, 1) == orientation


def of_mode(mode: str) -> Image.Image:
    return opened(jpeg((512, 384))).convert(mode)


RGB_CODED = saved(of_mode("RGB"), keep_rgb=True)
"""Its components are red, green and blue, which libjpeg does not convert to YCbCr."""


@pytest.mark.parametrize(
    "picture",
    [saved(of_mode("L")), saved(of_mode("CMYK")), RGB_CODED, without(jpeg((512, 384)), DHT)],
    ids=["grey", "CMYK", "RGB", "without Huffman tables"],
)
def test_other_jpegs_keep_their_colours(picture: bytes) -> None:
    source = frame(picture)
    for made in encode(source, RENDITIONS, 90).values():
        assert looks_like(opened(made.jpeg), opened(source.jpeg))
    assert opened(encode(frame(saved(of_mode("L"))), ["half"], 60)["half"].jpeg).mode == "L"


def test_comments_and_thumbnails_are_left_out_and_the_colour_profile_is_kept() -> None:
    profile = b"a profile"
    picture = after_soi(
        saved(of_mode("RGB"), icc_profile=profile, comment="hello"), segment(0xE5, b"\xff\xd8 a thumbnail")
    )
    made = opened(encode(frame(picture), ["half"], 60)["half"].jpeg)
    assert made.info["icc_profile"] == profile
    assert "comment" not in made.info
    assert b"thumbnail" not in encode(frame(picture), ["half"], 60)["half"].jpeg


def test_a_colour_profile_that_is_large_is_left_out() -> None:
    picture = saved(of_mode("RGB"), icc_profile=bytes(MAX_PROFILE_BYTES + 1))
    assert "icc_profile" not in opened(encode(frame(picture), ["half"], 60)["half"].jpeg).info


def test_the_pixels_of_the_source_are_used_where_it_has_them() -> None:
    """The JPEG is of another picture, so that it shows where the rendition comes from."""
    divisors = []

    def scaled(divisor: int) -> Image.Image:
        divisors.append(divisor)
        return Image.new("RGB", (-(-101 // divisor), -(-51 // divisor)), "red")

    made = encode(frame(jpeg((101, 51)), scaled=scaled), RENDITIONS, 60)
    assert divisors == [2]  # the quarter is made from the half
    for rendition in RENDITIONS:
        image = opened(made[rendition].jpeg)
        assert image.size == rendition_size(101, 51, rendition)
        assert looks_like(image, Image.new("RGB", image.size, "red"))


@pytest.mark.parametrize("fourcc", ["YUYV", "NV12", "YU12", "GREY", "RGB3"])
@pytest.mark.parametrize("full_range", [True, False])
def test_raw_frames_look_like_their_jpeg(fourcc: str, full_range: bool) -> None:
    layout = Layout(fourcc, Size(160, 120), 0, full_range)
    data = bytes(at * 255 // layout.frame_bytes for at in range(layout.frame_bytes))
    large = opened(layout.encode(data, 95))
    for divisor in (2, 4):
        assert looks_like(layout.picture(data, divisor), large)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(64, 64), (65, 65), (66, 66), (67, 70), (68, 68), (854, 482), (9, 5), (3, 70)])
def test_what_lies_behind_the_edge_of_a_picture_is_not_seen(size: tuple[int, int], subsampling: str) -> None:
    """Decoding at reduced scale mixes it into the last pixels: libjpeg-turbo issue 297, Pillow issue 3419."""
    source = padded(size, subsampling)
    full = green(opened(source))[1]  # the chroma of the full size may show a trace, too
    for divisor in (2, 4):
        image = decode(source, divisor)
        assert image.size == (-(-size[0] // divisor), -(-size[1] // divisor))
        low, high = green(image)
        assert low >= 110
        assert high <= max(130, full)


def test_higher_quality_takes_more_bytes() -> None:
    source = frame(jpeg((640, 480)))
    low, high = (len(encode(source, ["half"], quality)["half"].jpeg) for quality in (20, 95))
    assert low < high / 2


def test_a_picture_that_cannot_be_decoded_is_refused() -> None:
    source = frame(jpeg((64, 48)))
    head, _, _ = source.message.partition(b"\n")
    broken = Published(source.header, head + b"\n{}\n\xff\xd8\xff\xd9")
    with pytest.raises(OSError, match="cannot identify image file"):
        encode(broken, ["half"], 60)


def test_a_large_picture_costs_no_more_pixels_than_its_rendition_has() -> None:
    picture = decode(jpeg((4096, 2048)), 4)
    assert (picture.size, picture.mode) == ((1024, 512), "YCbCr")
