"""Each test of motion detection begins with the same noise, so that it fails always or never."""

import pytest

from tests.recorder.motion.walker import NOISE


@pytest.fixture(autouse=True)
def noise() -> None:
    """Begin again."""
    NOISE.begin()
