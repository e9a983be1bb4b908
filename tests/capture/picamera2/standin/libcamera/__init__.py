"""A stand-in for libcamera's Python bindings: as much of them as picamera2 uses, with cameras made of software.

The names and the signatures are the real ones; what a name begins without an underscore and is not in `__all__` of this
package, or in its `controls` and `properties`, is the stand-in's own. How it is set up and made to fail: `_switches`.
"""

import sys
import warnings

from . import controls, properties
from ._camera import Camera, CameraManager
from ._streams import (
    CameraConfiguration,
    FrameBuffer,
    FrameBufferAllocator,
    FrameMetadata,
    Request,
    SensorConfiguration,
    Stream,
    StreamConfiguration,
    StreamFormats,
)
from ._values import (
    ColorSpace,
    ControlId,
    ControlInfo,
    ControlType,
    Orientation,
    PixelFormat,
    Rectangle,
    Size,
    StreamRole,
    Transform,
)

__all__ = [
    "Camera",
    "CameraConfiguration",
    "CameraManager",
    "ColorSpace",
    "ControlId",
    "ControlInfo",
    "ControlType",
    "FrameBuffer",
    "FrameBufferAllocator",
    "FrameMetadata",
    "Orientation",
    "PixelFormat",
    "Rectangle",
    "Request",
    "SensorConfiguration",
    "Size",
    "Stream",
    "StreamConfiguration",
    "StreamFormats",
    "StreamRole",
    "Transform",
    "controls",
    "properties",
]

# picamera2 calls Thread.setDaemon, deprecated since Python 3.10; the processes under test take warnings for errors.
warnings.filterwarnings("ignore", "setDaemon", DeprecationWarning)

_libcamera = sys.modules[__name__]
"""picamera2 reaches for the extension module by its own name as well."""
