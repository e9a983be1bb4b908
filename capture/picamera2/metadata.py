"""The metadata of a Pi camera for a frame, in plain names and units, for `camera_metadata`. Pure."""

from collections.abc import Mapping
from typing import Any

NAMES = {
    "ExposureTime": "exposure_time",
    "AnalogueGain": "gain",
    "DigitalGain": "digital_gain",
    "Lux": "lux",
    "ColourTemperature": "colour_temperature",
    "ColourGains": "colour_gains",
    "SensorTemperature": "temperature",
    "LensPosition": "focus",
    "FocusFoM": "sharpness_measure",
    "FrameDuration": "frame_duration",
}
"""libcamera's names and ours. In microseconds, kelvin, degrees Celsius and dioptres; where a control sets the same, it
has the same name."""
DIGITS = 5
"""Significant digits: the values are no more exact, and each frame carries them."""
FOCUS_STATES = ("idle", "scanning", "focused", "failed")
"""libcamera's AfState, by number."""


def plainly(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Those of libcamera's entries that mean something to a viewer; unknown and missing ones are left out."""
    said = {name: _short(metadata[native]) for native, name in NAMES.items() if native in metadata}
    state = metadata.get("AfState")
    if state is not None and 0 <= int(state) < len(FOCUS_STATES):
        said["focus_state"] = FOCUS_STATES[int(state)]
    return said


def _short(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_short(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
