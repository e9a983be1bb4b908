"""The picture in which motion is looked for has about the same size, whatever the camera gives."""

import io

import pytest
from PIL import Image

from framebus.errors import DecodeError
from framebus.protocol.frame import Frame
from recorder.motion.small_picture import small_picture
from tests.framebus.publisher import frame_header


def frame(width: int, height: int, jpeg: bytes | None = None) -> Frame:
    if jpeg is None:
        with io.BytesIO() as file:
            Image.new("RGB", (width, height), (200, 100, 50)).save(file, "JPEG")
            jpeg = file.getvalue()
    return Frame(frame_header(width=width, height=height), jpeg)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (1280, 720, (90, 160)),
        (1920, 1080, (90, 160)),
        (3840, 2160, (90, 160)),
        (640, 480, (120, 160)),
        (720, 1280, (160, 90)),
        (320, 180, (90, 160)),
        (160, 120, (120, 160)),
        (64, 48, (48, 64)),
        (1000, 2, (16, 125)),
    ],
)
def test_it_is_small(width: int, height: int, shape: tuple[int, int]) -> None:
    assert small_picture(frame(width, height)).shape == shape


def test_a_damaged_frame_is_an_error() -> None:
    with pytest.raises(DecodeError, match=r"\Aframe 1 of camera front cannot be decoded: "):
        small_picture(frame(640, 480, b"\xff\xd8 no picture \xff\xd9"))
