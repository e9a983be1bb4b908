"""Pictures of other kinds are recognised by their first bytes, made JPEG once, and refused when they are too large."""

import io
import zlib

import pytest

from capture.media.picture_decoder import HEAD_BYTES, PictureDecoder, is_picture
from capture.source import SourceError
from tests.capture import jpegs

KINDS = ["PNG", "GIF", "WEBP", "BMP", "TIFF"]


def picture(kind: str, size: tuple[int, int] = (80, 60)) -> bytes:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg(size)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_known_by_its_first_bytes(kind: str) -> None:
    assert is_picture(picture(kind)[:HEAD_BYTES])


@pytest.mark.parametrize(
    "head", [b"", b"\xff\xd8\xff\xe0", b"<html><head>", b"RIFF\0\0\0\0WAVE", b"--frame\r\nCon", b"BMW is a car"]
)
def test_nothing_else_is_taken_for_one(head: bytes) -> None:
    assert not is_picture(head)


@pytest.mark.parametrize("kind", KINDS)
def test_it_becomes_a_jpeg_once(kind: str) -> None:
    decoder = PictureDecoder("camera", 80, None)
    first = decoder.jpeg(picture(kind))
    assert first is not None
    assert jpegs.opened(first).size == (80, 60)
    assert decoder.jpeg(picture(kind)) is first


def test_a_jpeg_stays_as_it_is() -> None:
    assert PictureDecoder("camera", 80, None).jpeg(jpegs.jpeg((64, 48))) == jpegs.jpeg((64, 48))


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_cut_off_is_none(kind: str) -> None:
    assert PictureDecoder("camera", 80, None).jpeg(picture(kind)[:-100]) is None


@pytest.mark.parametrize("kind", [*KINDS, "JPEG"])
def test_one_with_too_many_pixels_is_refused(kind: str) -> None:
    with pytest.raises(SourceError, match=r"^camera: .*0\.5 megapixels, allowed: at most 0\.1"):
        PictureDecoder("camera", 80, 0.1).jpeg(picture(kind, (1000, 500)))


@pytest.mark.parametrize(
    "directory",
    [
        b"MM\0\x2a\0\0\0\x08\0\x02\x02\1\0\x02\0\0\0\x15\0\0\0&\1\x12\0\3\0\0\0\1\0\x06\0\0\0\0\0\0" + b"x" * 22,
        b"MM\0\x2a\0\0\0\x08\0\x02\1\x1f\0\x02\0\0\0\x15\0\0\0&\1\x12\0\3\0\0\0\1\0\x06\0\0\0\0\0\0xxxxxx\xff"
        + b"x" * 15,
        b"\xc7M\0\x2a\0\0\0\x08",
    ],
    ids=["struct.error", "TypeError", "SyntaxError"],
)
def test_a_picture_with_damaged_exif_is_shown_as_it_is(directory: bytes) -> None:
    whole = picture("PNG", (64, 48))
    chunk = b"eXIf" + directory
    exif = len(directory).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    made = PictureDecoder("camera", 80, None).jpeg(whole[:33] + exif + whole[33:])  # behind IHDR
    assert made is not None
    assert jpegs.opened(made).size == (64, 48)


def test_a_format_for_which_another_program_would_run_is_none() -> None:
    """Pillow hands EPS to Ghostscript."""
    assert PictureDecoder("camera", 80, None).jpeg(picture("EPS")) is None
