"""How the stand-in shall be, from the environment; and how it shall fail, from a file that may change at any time."""

import os
from pathlib import Path

CAMERAS = "LIBCAMERA_STANDIN_CAMERAS"
"""Models, a space between two: `imx708` can focus, `usb` is a USB camera, any other has a fixed lens."""
FAULT = "LIBCAMERA_STANDIN_FAULT"
"""The path of a file with one of FAULTS in it; empty or missing for none."""
CLOCK = "LIBCAMERA_STANDIN_CLOCK"
"""How many nanoseconds the sensor's clock is ahead of CLOCK_MONOTONIC."""

FAULTS = {
    "stall": "the sensor gives no frames any more",
    "errors": "each frame has the status Error",
    "busy": "another program has the camera",
    "absent": "there is no camera",
    "unplugged": "there is no camera any more, and no frame from the one that was there",
    "hang": "stop does not return",
    "deaf": "nothing can be released",
    "denied": "no permission for the memory heap",
    "full": "no memory for pictures",
    "no-flips": "the transform is adjusted to none",
    "nv12": "the format is adjusted to NV12",
}


def fault() -> str:
    """The one of the moment."""
    path = os.environ.get(FAULT)
    try:
        return Path(path).read_text().strip() if path else ""
    except FileNotFoundError:
        return ""


def models() -> list[str]:
    """The cameras that there are, as libcamera orders them."""
    return [] if fault() in ("absent", "unplugged") else os.environ.get(CAMERAS, "imx708").split()


def clock_offset_ns() -> int:
    """To be added to CLOCK_MONOTONIC."""
    return int(os.environ.get(CLOCK, "0"))
