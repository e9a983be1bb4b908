"""The first Pi camera is found, USB cameras are told from it, and where there can be none nothing is imported."""

import sys
from pathlib import Path

import pytest

from capture.picamera2.detect import attached, first_camera, is_usb
from capture.picamera2.reasons import CameraInfo
from tests.capture.picamera2.pi_camera import PiCamera


@pytest.mark.parametrize(
    ("path", "usb"),
    [
        ("/base/soc/i2c0mux/i2c@1/imx708@1a", False),
        ("/base/axi/pcie@1000120000/rp1/i2c@88000/imx219@10", False),
        ("/base/scb/pcie@7d500000/pci@0,0/usb@0,0-1.3:1.0-046d:0825", True),
        ("/base/axi/pcie@1000120000/rp1/usb@300000-1:1.0-046d:0825", True),
        (r"\_SB_.PCI0.XHC_.RHUB.HS05-5:1.0-13d3:56b2", True),
    ],
)
def test_usb_cameras_are_known_by_their_place(path: str, usb: bool) -> None:
    assert is_usb(CameraInfo(0, "", path)) is usb


def chosen(folder: str) -> tuple[int | None, str, bool]:
    return *first_camera(Path(folder)), "picamera2" in sys.modules


@pytest.fixture
def subdevices(tmp_path: Path) -> Path:
    """As the kernel shows them for a sensor that was found."""
    folder = tmp_path / "video4linux"
    (folder / "v4l-subdev0").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("cameras", "number", "why"),
    [
        ("imx708", 0, "the Pi camera imx708 is attached"),
        ("usb imx219", 0, "the Pi camera imx219 is attached"),
        ("usb", None, "no Pi camera is attached"),
    ],
)
def test_the_first_pi_camera(pi_camera: PiCamera, subdevices: Path, cameras: str, number: int | None, why: str) -> None:
    assert pi_camera.having(CAMERAS=cameras).run(chosen, str(subdevices)) == (number, why, True)


def test_without_a_sensor_picamera2_is_not_even_imported(pi_camera: PiCamera, tmp_path: Path) -> None:
    assert pi_camera.run(chosen, str(tmp_path / "none")) == (None, "no Pi camera is attached", False)


def test_picamera2_that_cannot_be_imported(pi_camera: PiCamera, subdevices: Path) -> None:
    pi_camera.fault.parent.joinpath("libcamera.py").write_text("raise ImportError('made for another Python')")
    shadowed = PiCamera(pi_camera.fault, {"PYTHONPATH": str(pi_camera.fault.parent)})
    assert shadowed.run(chosen, str(subdevices))[:2] == (
        None,
        "picamera2 cannot be imported (made for another Python)",
    )


def without_picamera2(folder: str) -> tuple[int | None, str, bool]:
    sys.path = [entry for entry in sys.path if not (Path(entry) / "picamera2").is_dir()]
    return *first_camera(Path(folder)), "picamera2" in sys.modules


def test_no_picamera2(pi_camera: PiCamera, subdevices: Path) -> None:
    assert pi_camera.run(without_picamera2, str(subdevices)) == (None, "picamera2 is not installed", False)


def test_usb_cameras_come_last(pi_camera: PiCamera) -> None:
    found = pi_camera.having(CAMERAS="usb imx708 imx219").run(attached)
    assert [(camera.number, camera.model) for camera in found] == [(0, "imx219"), (1, "imx708"), (2, "UVC Camera")]
