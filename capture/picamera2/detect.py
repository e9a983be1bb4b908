"""Detects Pi cameras. Where there can be none, picamera2 is not imported, which would take a second."""

import importlib.util
import os
import re
from pathlib import Path

from capture.picamera2 import reasons
from capture.picamera2.reasons import CameraInfo

SUBDEVICES = Path("/sys/class/video4linux")
"""Each sensor whose driver has found it is a v4l-subdev here; a USB camera has none."""

_USB = re.compile(r"/usb|:[\d.]+-[0-9a-f]{4}:[0-9a-f]{4}$")
"""libcamera's ids of USB cameras: by the device tree on a Pi, else by ACPI's path and the vendor and product number."""


def first_camera(subdevices: Path = SUBDEVICES) -> tuple[int | None, str]:
    """picamera2's number of the first Pi camera, or None; and in words which it is, or why there is none.

    The words fit behind "because": they are no sentence.
    """
    if importlib.util.find_spec("picamera2") is None:
        return None, "picamera2 is not installed"
    if not any(subdevices.glob("v4l-subdev*")):
        return None, "no Pi camera is attached"
    try:
        cameras = attached()
    except reasons.UNIMPORTABLE as error:
        return None, f"picamera2 cannot be imported ({reasons.innermost(error)})"
    own = [camera for camera in cameras if not is_usb(camera)]
    return (own[0].number, f"the Pi camera {own[0].model} is attached") if own else (None, "no Pi camera is attached")


def attached() -> list[CameraInfo]:
    """All that libcamera knows, in picamera2's order, in which USB cameras come last.

    Raises one of reasons.UNIMPORTABLE where picamera2 cannot be used at all.
    """
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")  # else libcamera prints some lines at each look
    from picamera2 import Picamera2

    infos = Picamera2.global_camera_info()
    return [CameraInfo(number, str(each.get("Model", "")), str(each["Id"])) for number, each in enumerate(infos)]


def is_usb(camera: CameraInfo) -> bool:
    """Whether it is no Pi camera: libcamera lists USB cameras as well, and V4L2 serves those better."""
    return _USB.search(camera.path) is not None
