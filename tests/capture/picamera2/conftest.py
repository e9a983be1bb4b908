"""A Pi camera for the tests of picamera2."""

from pathlib import Path

import pytest

from tests.capture.picamera2.pi_camera import PiCamera, made_of_software


@pytest.fixture
def pi_camera(tmp_path: Path) -> PiCamera:
    """One imx708, without a fault."""
    return made_of_software(tmp_path)
