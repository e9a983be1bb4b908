"""What a Pi camera's sensor offers: its sizes and their highest rates, as libcamera knows them.

picamera2's `sensor_modes` is the same list, and takes memory for four pictures of each size. So libcamera itself is
asked, as `rpicam-hello --list-cameras` does.
"""

import logging
from typing import Any

from capture.picamera2.reasons import CameraInfo
from framebus.config.size import Size

MAX_MODES = 32
"""A sensor has two to eight."""
FRAME_DURATION = "FrameDurationLimits"
"""A control of libcamera, in microseconds; its lowest value belongs to the highest rate."""

logger = logging.getLogger("capture")


def sensor_modes(info: CameraInfo) -> dict[Size, float]:
    """Find the sizes of a sensor's modes, the largest first, with their highest rates in frames a second.

    Args:
        info: The camera. It may be in use; its rates are 0 then, as only its owner can ask for them.

    Returns:
        The rate by size; empty where libcamera does not say.
    """
    import libcamera

    try:
        camera = libcamera.CameraManager.singleton().get(info.path)
        wanted = camera.generate_configuration([libcamera.StreamRole.Raw])
        formats = wanted.at(0).formats
        modes = [(kind, size) for kind in formats.pixel_formats for size in formats.sizes(kind)][:MAX_MODES]
    except Exception as error:  # what it raises differs by version: the camera can be used without this list
        logger.debug("the sizes of %s are not known: %s", info.path, error)
        return {}
    found = {Size(size.width, size.height): 0.0 for _, size in modes}
    try:
        camera.acquire()
    except Exception as error:  # another process has it
        logger.debug("the rates of %s are not known: %s", info.path, error)
        return _largest_first(found)
    try:
        for kind, size in modes:
            found[Size(size.width, size.height)] = max(
                found[Size(size.width, size.height)], _rate(libcamera, camera, kind, size)
            )
    except Exception as error:
        logger.debug("the rates of %s are not known: %s", info.path, error)
    finally:
        camera.release()
    return _largest_first(found)


def _rate(libcamera: Any, camera: Any, kind: Any, size: Any) -> float:
    """The highest rate of a mode."""
    wanted = camera.generate_configuration([libcamera.StreamRole.Raw])
    wanted.at(0).pixel_format, wanted.at(0).size = kind, size
    wanted.validate()
    camera.configure(wanted)
    limits = [limits for control, limits in camera.controls.items() if control.name == FRAME_DURATION]
    return round(1e6 / limits[0].min, 2) if limits and limits[0].min else 0.0


def _largest_first(found: dict[Size, float]) -> dict[Size, float]:
    return dict(sorted(found.items(), key=lambda entry: -entry[0].width * entry[0].height))
