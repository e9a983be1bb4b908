"""Each failure of a Pi camera is told in one sentence with what to do, also on machines that a test cannot be."""

import errno
import os
import sys
from pathlib import Path

import pytest

from capture.picamera2 import reasons
from capture.picamera2.reasons import CameraInfo

CAMERA = "picamera2:0"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MAGIC = f"cpython-{sys.version_info.major}{sys.version_info.minor}"


def missing(module: str) -> ImportError:
    return ModuleNotFoundError(f"No module named {module!r}", name=module)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Apt's packages for Python, none yet; and we are in a virtual environment."""
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "prefix", "/home/pi/framebus/.venv")
    return tmp_path


def test_picamera2_is_not_installed(packages: Path) -> None:
    assert reasons.not_imported(CAMERA, missing("picamera2"), packages) == (
        "picamera2:0: picamera2 is not installed; run: sudo apt install python3-picamera2 --no-install-recommends"
    )


def test_a_virtual_environment_that_does_not_see_it(packages: Path) -> None:
    (packages / "picamera2").mkdir()
    assert reasons.not_imported(CAMERA, missing("picamera2"), packages) == (
        "picamera2:0: picamera2 is installed, but this virtual environment does not see the system's packages; "
        "make it again with: python3 -m venv --system-site-packages --clear .venv"
    )


def test_picamera2_from_pip_and_no_libcamera(packages: Path) -> None:
    assert reasons.not_imported(CAMERA, missing("libcamera"), packages) == (
        "picamera2:0: picamera2 is there, but libcamera's Python bindings are not; "
        "run: sudo apt install python3-libcamera"
    )


def test_picamera2_from_pip_in_a_virtual_environment_that_does_not_see_libcamera(packages: Path) -> None:
    (packages / "libcamera").mkdir()
    (packages / "libcamera" / f"_libcamera.{MAGIC}-aarch64-linux-gnu.so").touch()
    assert reasons.not_imported(CAMERA, missing("libcamera"), packages) == (
        "picamera2:0: libcamera's bindings are installed, but this virtual environment does not see the system's "
        "packages; make it again with: python3 -m venv --system-site-packages --clear .venv"
    )


def test_bindings_for_another_python(packages: Path) -> None:
    (packages / "libcamera").mkdir()
    (packages / "libcamera" / "_libcamera.cpython-39-aarch64-linux-gnu.so").touch()
    assert reasons.not_imported(CAMERA, missing("libcamera._libcamera"), packages) == (
        f"picamera2:0: libcamera's bindings are made for the system's Python, and this is Python {PYTHON}; make the "
        "virtual environment with the system's own: /usr/bin/python3 -m venv --system-site-packages --clear .venv"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (missing("pykms"), "picamera2 lacks the module pykms; run: sudo apt install python3-kms++"),
        (missing("prctl"), "picamera2 lacks the module prctl; run: sudo apt install --reinstall python3-picamera2"),
        (
            ValueError("numpy.dtype size changed"),
            "picamera2 cannot be imported (numpy.dtype size changed); if pip put a numpy or simplejpeg of its own "
            "beside apt's into this virtual environment, take it out: python -m pip uninstall numpy simplejpeg",
        ),
    ],
)
def test_picamera2_lacks_something(packages: Path, error: Exception, told: str) -> None:
    assert reasons.not_imported(CAMERA, error, packages) == f"{CAMERA}: {told}"


def test_no_camera_of_this_number(tmp_path: Path) -> None:
    found = [CameraInfo(0, "imx708", "/base/a"), CameraInfo(1, "imx219", "/base/b")]
    assert reasons.no_such_camera("picamera2:2", 2, found) == (
        "picamera2:2: there is no camera 2; allowed: 0 (imx708), 1 (imx219)"
    )
    assert reasons.no_such_camera(CAMERA, 0, [], str(tmp_path)) == (
        "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
        "`rpicam-hello --list-cameras` says"
    )


def test_no_permission_looks_like_no_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "media0"
    node.touch()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may open all
    assert reasons.no_such_camera(CAMERA, 0, [], str(tmp_path)) == (
        f"picamera2:0: no permission to open {node} and the like; add your user to the group video "
        "(sudo usermod -aG video $USER) and log in again"
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            RuntimeError("Failed to acquire camera: Device or resource busy"),
            "in use by another program; end that (rpicam-hello, motion, another framebus …), or name another one in "
            "`source`; `sudo fuser -v /dev/media*` names it",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/dev/dma_heap/linux,cma"),
            "no permission to open /dev/dma_heap/linux,cma; add your user to the group video "
            "(sudo usermod -aG video $USER) and log in again",
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory for its pictures (CMA); lower `size`"),
        (RuntimeError("something else"), "picamera2 refuses: something else"),
        (IndexError(), "picamera2 refuses: IndexError"),
    ],
)
def test_why_it_does_not_open(error: Exception, told: str) -> None:
    outer = RuntimeError("Camera __init__ sequence did not complete.")
    outer.__cause__ = error
    assert reasons.refused(CAMERA, outer) == f"{CAMERA}: {told}"


@pytest.mark.parametrize("closed", ["vidbuf_cached", "linux,cma"])
def test_no_permission_for_the_memory_is_not_the_cable(
    closed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "media0").touch()
    (tmp_path / "dma_heap").mkdir()
    (tmp_path / "dma_heap" / closed).touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: "dma_heap" not in str(path))  # root may open all
    assert reasons.no_such_camera(CAMERA, 0, [], str(tmp_path)) == (
        f"picamera2:0: no permission to open {tmp_path}/dma_heap/{closed}, without which libcamera finds no camera; "
        "add your user to the group video (sudo usermod -aG video $USER) and log in again"
    )


def test_where_one_heap_opens_the_memory_is_not_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "media0").touch()
    (tmp_path / "dma_heap").mkdir()
    for name in reasons.DMA_HEAPS:
        (tmp_path / "dma_heap" / name).touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: "vidbuf_cached" not in str(path))
    assert "check the cable" in reasons.no_such_camera(CAMERA, 0, [], str(tmp_path))


def test_picamera2_gets_no_memory() -> None:
    told = reasons.refused(CAMERA, RuntimeError("Could not open any dmaHeap device"))
    assert "dma_heap/" in told
    assert "cable" not in told
