"""libcamera.controls: the identities of the controls and metadata that the stand-in's cameras have, and their enums."""

import enum

from ._values import ControlId, ControlType

_ANY = (1 << 64) - 1
"""How the binding says: of as many values as one likes."""


class AeMeteringModeEnum(enum.IntEnum):
    CentreWeighted = 0
    Spot = 1
    Matrix = 2
    Custom = 3


class AeConstraintModeEnum(enum.IntEnum):
    Normal = 0
    Highlight = 1
    Shadows = 2
    Custom = 3


class AeExposureModeEnum(enum.IntEnum):
    Normal = 0
    Short = 1
    Long = 2
    Custom = 3


class AwbModeEnum(enum.IntEnum):
    Auto = 0
    Incandescent = 1
    Tungsten = 2
    Fluorescent = 3
    Indoor = 4
    Daylight = 5
    Cloudy = 6
    Custom = 7


class AfModeEnum(enum.IntEnum):
    Manual = 0
    Auto = 1
    Continuous = 2


class AfRangeEnum(enum.IntEnum):
    Normal = 0
    Macro = 1
    Full = 2


class AfStateEnum(enum.IntEnum):
    Idle = 0
    Scanning = 1
    Focused = 2
    Failed = 3


class AfTriggerEnum(enum.IntEnum):
    Start = 0
    Cancel = 1


class draft:
    class NoiseReductionModeEnum(enum.IntEnum):
        Off = 0
        Fast = 1
        HighQuality = 2
        Minimal = 3
        ZSL = 4

    NoiseReductionMode = ControlId("NoiseReductionMode", ControlType.Integer32)


AeConstraintMode = ControlId("AeConstraintMode", ControlType.Integer32)
AeEnable = ControlId("AeEnable", ControlType.Bool)
AeExposureMode = ControlId("AeExposureMode", ControlType.Integer32)
AeMeteringMode = ControlId("AeMeteringMode", ControlType.Integer32)
AfMode = ControlId("AfMode", ControlType.Integer32)
AfRange = ControlId("AfRange", ControlType.Integer32)
AfState = ControlId("AfState", ControlType.Integer32)
AfTrigger = ControlId("AfTrigger", ControlType.Integer32)
AfWindows = ControlId("AfWindows", ControlType.Rectangle, _ANY)
AnalogueGain = ControlId("AnalogueGain", ControlType.Float)
AnalogueGainMode = ControlId("AnalogueGainMode", ControlType.Integer32)
AwbEnable = ControlId("AwbEnable", ControlType.Bool)
AwbMode = ControlId("AwbMode", ControlType.Integer32)
Brightness = ControlId("Brightness", ControlType.Float)
ColourGains = ControlId("ColourGains", ControlType.Float, 2)
ColourTemperature = ControlId("ColourTemperature", ControlType.Integer32)
Contrast = ControlId("Contrast", ControlType.Float)
DigitalGain = ControlId("DigitalGain", ControlType.Float)
ExposureTime = ControlId("ExposureTime", ControlType.Integer32)
ExposureTimeMode = ControlId("ExposureTimeMode", ControlType.Integer32)
ExposureValue = ControlId("ExposureValue", ControlType.Float)
FocusFoM = ControlId("FocusFoM", ControlType.Integer32)
FrameDuration = ControlId("FrameDuration", ControlType.Integer64)
FrameDurationLimits = ControlId("FrameDurationLimits", ControlType.Integer64, 2)
LensPosition = ControlId("LensPosition", ControlType.Float)
Lux = ControlId("Lux", ControlType.Float)
Saturation = ControlId("Saturation", ControlType.Float)
ScalerCrop = ControlId("ScalerCrop", ControlType.Rectangle)
SensorTemperature = ControlId("SensorTemperature", ControlType.Float)
SensorTimestamp = ControlId("SensorTimestamp", ControlType.Integer64)
Sharpness = ControlId("Sharpness", ControlType.Float)
