"""A software webcam for the tests of V4L2, a Pi camera for those of picamera2, and a reader at work."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from capture.control_service import ControlService
from capture.source import Source
from tests.capture.fake_source import ScriptedSource, Step
from tests.capture.picamera2.pi_camera import PiCamera, made_of_software
from tests.capture.reading import FPS, NO_CONTROLS, Reading, Start
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


@pytest.fixture
def pi_camera(tmp_path: Path) -> PiCamera:
    """One imx708, without a fault."""
    return made_of_software(tmp_path)


@pytest.fixture
def read() -> Iterator[Start]:
    """Start a reader on a source, or on a script; the end of the test stops it."""
    started: list[Reading] = []

    def start(
        *source: Source | Step,
        fps: float = FPS,
        orientation: int = 1,
        control_service: ControlService = NO_CONTROLS,
        **options: float,
    ) -> Reading:
        played = source[0] if isinstance(source[0], Source) else ScriptedSource(*source)  # type: ignore[arg-type]
        played.orientation = orientation
        started.append(Reading(lambda: played, fps, control_service, **options))
        return started[-1]

    yield start
    for reading in started:
        reading.reader.stop()


def jpeg_of(colour: str) -> bytes:
    """A small JPEG of one colour."""
    jpeg = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(jpeg, "JPEG")
    return jpeg.getvalue()
