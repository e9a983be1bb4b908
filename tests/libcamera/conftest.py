"""The tests of this folder run only on the chroot's libcamera; `make test` neither collects nor skips them."""

import os
from pathlib import Path

import pytest

from tests.capture.picamera2.pi_camera import PiCamera

collect_ignore_glob = [] if "FRAMEBUS_LIBCAMERA" in os.environ else ["test_*.py"]

SHIM = Path(__file__).with_name("shim")


@pytest.fixture
def pi_camera(tmp_path: Path) -> PiCamera:
    """libcamera's virtual camera; of the stand-in's faults it has `stall`."""
    # At each opening libcamera calls it an error that there are no dma heaps, which are not used.
    quiet = "*:WARN,DmaBufAllocator:FATAL"
    return PiCamera(tmp_path / "fault", {"PYTHONPATH": str(SHIM), "LIBCAMERA_LOG_LEVELS": quiet})
