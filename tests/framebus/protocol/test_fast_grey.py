"""A grey picture at reduced scale: simplejpeg gives what Pillow gives, and leaves to Pillow what it cannot judge."""

import io
import sys
from typing import Any

import numpy
import pytest
from PIL import Image

from framebus import DecodeError
from framebus.protocol import pixels
from framebus.protocol.fast_grey import fast_grey
from framebus.protocol.jpeg import EOI


def jpeg(width: int = 320, height: int = 192, mode: str = "RGB", **options: Any) -> bytes:
    """Noise."""
    noise = numpy.random.default_rng(3).integers(0, 256, (height, width, 3), numpy.uint8)
    with io.BytesIO() as file:
        Image.fromarray(noise).convert(mode).save(file, "JPEG", quality=80, **options)
        return file.getvalue()


def by_pillow(picture: bytes, scale: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "simplejpeg", None)
        assert fast_grey(picture, scale) is None
        return pixels.array(picture, "it", scale, grey=True).astype(int)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2}, {"mode": "L"}])
def test_it_is_what_pillow_gives(scale: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("simplejpeg")
    picture = jpeg(**options)
    found = fast_grey(picture, scale)
    assert found is not None
    expected = by_pillow(picture, scale, monkeypatch)
    assert found.shape == expected.shape == (192 // scale, 320 // scale)
    assert numpy.abs(found - expected).max() <= 1
    assert found.flags.c_contiguous
    found[0, 0] = 7  # it may be drawn into
    assert (pixels.array(picture, "it", scale, grey=True) - expected).max() <= 1


def test_bytes_before_the_end_matter_as_little_as_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many USB cameras fill up their pictures."""
    pytest.importorskip("simplejpeg")
    picture = jpeg().removesuffix(EOI) + bytes(40) + EOI
    found = fast_grey(picture, 8)
    assert found is not None
    assert numpy.abs(found - by_pillow(picture, 8, monkeypatch)).max() <= 1


@pytest.mark.parametrize("size", [(324, 192), (320, 180), (324, 180)])
def test_pillow_decodes_what_ends_within_a_block(size: tuple[int, int]) -> None:
    """Also where half of the size is a whole number."""
    assert fast_grey(jpeg(*size), 2) is None


@pytest.mark.parametrize(
    "picture",
    [jpeg(width=321), jpeg(height=180), jpeg(mode="CMYK"), jpeg()[:-900], b"\xff\xd8 no picture \xff\xd9", b""],
    ids=["width", "height", "colours", "cut off", "no picture", "nothing"],
)
def test_pillow_decodes_or_refuses_the_rest(picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fast_grey(picture, 8) is None
    if picture.endswith(EOI) and len(picture) > 100:
        assert (pixels.array(picture, "it", 8, grey=True) == by_pillow(picture, 8, monkeypatch)).all()
    else:
        with pytest.raises(DecodeError, match="it cannot be decoded: "):
            pixels.array(picture, "it", 8, grey=True)


def of_size(side: int) -> bytes:
    """A picture that says that it is so high and wide."""
    picture = bytearray(jpeg())
    frame = picture.index(b"\xff\xc0") + 5
    picture[frame : frame + 4] = side.to_bytes(2) * 2
    return bytes(picture)


def test_pillow_judges_large_pictures() -> None:
    assert fast_grey(of_size(10_240), 8) is None


def test_a_picture_that_would_fill_the_memory_is_refused() -> None:
    picture = of_size(0xFFF8)
    assert fast_grey(picture, 2) is None
    with pytest.raises(DecodeError, match="it cannot be decoded: "):
        pixels.array(picture, "it", 2, grey=True)
