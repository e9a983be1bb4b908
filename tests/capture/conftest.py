"""A software webcam for the tests of V4L2."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.capture.v4l2.shim import ShimCamera

COLOURS = ("red", "green", "blue", "white", "black", "yellow", "cyan", "magenta")
"""Of its pictures, one after the other."""


@pytest.fixture
def camera(shim_library: Path, tmp_path: Path) -> ShimCamera:
    """A camera with a picture of 64x48 of each colour, which takes a frame when `shim.tick` says so."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, colour in enumerate(COLOURS):
        (pictures / f"{number}.jpg").write_bytes(jpeg_of(colour))
    return ShimCamera(shim_library, pictures).having(FPS=0)


def jpeg_of(colour: str) -> bytes:
    """A small JPEG of one colour."""
    jpeg = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(jpeg, "JPEG")
    return jpeg.getvalue()
