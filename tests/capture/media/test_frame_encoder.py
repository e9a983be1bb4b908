"""Decoded frames become JPEGs with square pixels, no larger than asked for, the right way up."""

import struct
import subprocess
from pathlib import Path

import pytest

from capture.media.frame_encoder import made_size
from framebus.config.size import Size
from framebus.publishing.jpeg import Jpeg
from tests.capture.media import clips
from tests.capture.media.watching import opened, pictures
from tests.programs import need

LIMIT = Size(1280, 720)


@pytest.mark.parametrize(
    ("size", "pixel_aspect", "made"),
    [
        ((640, 480), 1.0, (640, 480)),
        ((352, 576), 2.0, (704, 576)),
        ((1440, 1080), 4 / 3, (1280, 720)),
        ((720, 576), 16 / 15, (768, 576)),
        ((704, 288), 0.5, (352, 288)),
        ((640, 480), 0.0, (640, 480)),
        ((640, 480), 100.0, (640, 480)),
        ((4000, 10), 1.0, (1280, 3)),
    ],
)
def test_pixels_become_square(size: tuple[int, int], pixel_aspect: float, made: tuple[int, int]) -> None:
    assert made_size(*size, pixel_aspect, LIMIT) == made


@pytest.mark.medium
def test_anamorphic_video_has_its_own_shape(tmp_path: Path) -> None:
    clip, made = clips.of_colours(tmp_path / "clip.mp4", "libx264", ["red"] * 3, size=(64, 48)), tmp_path / "made.mp4"
    command = [need("ffmpeg"), "-nostdin", "-v", "error", "-i", str(clip), "-vf", "setsar=2/1", str(made)]
    subprocess.run(command, check=True)
    with opened(made) as source:
        jpeg = Jpeg.parse(next(pictures(source)).jpeg)
    assert (jpeg.width, jpeg.height) == (128, 48)


MATRIX_AT = 44
"""In the track header of an MP4, from its name on (ISO 14496-12, section 8.3.2)."""
TURNED = {6: (0, 1, -1, 0), 3: (-1, 0, 0, -1), 8: (0, -1, 1, 0), 1: (1, 0, 0, 1)}
"""What phones write for a picture that is to be turned clockwise by 90, 180, 270 degrees, or not at all."""


@pytest.mark.parametrize("orientation", TURNED)
def test_a_turned_video_carries_its_orientation(orientation: int, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.mp4", "libx264", ["red"] * 3, size=(64, 48))
    data = bytearray(clip.read_bytes())
    at = data.index(b"tkhd") + MATRIX_AT
    a, b, c, d = (number << 16 for number in TURNED[orientation])
    assert struct.unpack_from(">9i", data, at) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    clip.write_bytes(data)
    with opened(clip) as source:
        assert Jpeg.parse(next(pictures(source)).jpeg).orientation == orientation
