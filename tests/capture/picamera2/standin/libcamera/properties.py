"""libcamera.properties: what a camera says of itself."""

import enum

from ._values import ControlId, ControlType


class draft:
    class ColorFilterArrangementEnum(enum.IntEnum):
        RGGB = 0
        GRBG = 1
        GBRG = 2
        BGGR = 3
        RGB = 4
        MONO = 5

    ColorFilterArrangement = ControlId("ColorFilterArrangement", ControlType.Integer32)


Location = ControlId("Location", ControlType.Integer32)
Model = ControlId("Model", ControlType.String)
PixelArraySize = ControlId("PixelArraySize", ControlType.Size)
Rotation = ControlId("Rotation", ControlType.Integer32)
