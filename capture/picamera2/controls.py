"""Translates between framebus controls and libcamera's. Pure: it knows libcamera's names only.

What the camera has is in `Advertised`; capture.picamera2.camera reads that from libcamera, and gives it values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from framebus.protocol.controls import Control, Value

COMMON = {
    "Brightness": ("brightness", ""),
    "Contrast": ("contrast", ""),
    "Saturation": ("saturation", ""),
    "Sharpness": ("sharpness", ""),
    "AeEnable": ("auto_exposure", ""),
    "ExposureTime": ("exposure_time", "µs"),
    "AnalogueGain": ("gain", ""),
    "ExposureValue": ("exposure_compensation", "EV"),
    "AwbEnable": ("auto_white_balance", ""),
    "ColourTemperature": ("colour_temperature", "K"),
    "AfMode": ("auto_focus", ""),
    "LensPosition": ("focus", "dioptres"),
}
"""libcamera's name, and ours with its unit; all others keep their own name."""

BY_HAND = {
    "AeEnable": ("ExposureTime", "AnalogueGain"),
    "AwbEnable": ("ColourTemperature", "ColourGains"),
    "AfMode": ("LensPosition",),
}
"""What the camera sets itself while the switch is on."""
BY_ITSELF = {
    "AeEnable": ("ExposureValue", "AeMeteringMode", "AeConstraintMode", "AeExposureMode"),
    "AwbEnable": ("AwbMode",),
    "AfMode": ("AfRange", "AfSpeed", "AfMetering"),
}
"""What has an effect only while the switch is on."""
EITHER = ("ColourTemperature", "ColourGains")
"""Two ways to say the same: the one that was set last holds."""

LEFT_OUT = frozenset(
    {
        # The rate is `fps` of the configuration.
        "FrameDurationLimits",
        "SyncMode",
        "SyncFrames",
        # Said by auto_exposure; picamera2 itself sets them with ExposureTime and AnalogueGain.
        "ExposureTimeMode",
        "AnalogueGainMode",
        # Actions, which have no value.
        "AfTrigger",
        "AfPause",
        # Of as many rectangles as there are streams.
        "ScalerCrops",
        # For programs that read libcamera's metadata.
        "StatsOutputEnable",
        "CnnEnableInputTensor",
    }
)

AF_MANUAL = 0
AF_CONTINUOUS = 2
"""libcamera's AfModeEnum."""
# What libcamera takes for "as the camera likes"; and what ends a value set by hand in versions without the modes.
_RELEASED = {"AeEnable": {"ExposureTime": 0, "AnalogueGain": 0.0}}

_NUMBERS = {
    **dict.fromkeys(("Byte", "Unsigned16", "Unsigned32", "Integer32", "Integer64"), int),
    "Float": float,
}


class Advertised(msgspec.Struct, frozen=True):
    """A control as libcamera describes it; `low`, `high` and `default` are None where it does not say."""

    type: str
    """The name in libcamera's ControlType."""
    size: int | None = None
    """How many values it is an array of; None for one value, 0 for any number."""
    low: Any = None
    high: Any = None
    default: Any = None
    menu: Mapping[int, str] | None = None


class CameraControls:
    """The controls of one open camera, and what was set in it so far."""

    def __init__(self, advertised: Mapping[str, Advertised], fps: float, began_with: Mapping[str, Any]) -> None:
        """`began_with` is what the camera was started with, under libcamera's names: our defaults."""
        self._fps = fps
        self._began_with = dict(began_with)
        self._set: dict[str, Value] = {}
        self._known = {name: each for name, each in advertised.items() if name not in LEFT_OUT and _usable(each)}
        self._native = {_name(native): native for native in self._known}

    def controls(self, metadata: Mapping[str, Any]) -> list[Control]:
        """All of them, those of the common names first; `metadata` is that of the newest frame."""
        order = {native: number for number, native in enumerate(COMMON)}
        names = sorted(self._known, key=lambda native: (order.get(native, len(order)), native))
        return [self._control(native, metadata) for native in names]

    def to_set(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """What libcamera is to be given for these values, checked ones; to be called once for each setting.

        What has no effect now, because the camera sets it itself, is kept until it has.
        """
        given = {self._native[name]: value for name, value in values.items()}
        for native, value in given.items():
            if native in EITHER:
                self._set = {name: kept for name, kept in self._set.items() if name not in EITHER}
            self._set[native] = value
        wanted: dict[str, Any] = {}
        for native in sorted(given, key=lambda name: name not in BY_HAND):
            if native in BY_HAND:
                wanted |= self._switched(native)
            elif not self._inactive(native):
                wanted[native] = self._converted(native)
        return wanted

    def _switched(self, switch: str) -> dict[str, Any]:
        """The switch, and what changes hands with it."""
        if self._on(switch):
            released = {name: auto for name, auto in _RELEASED.get(switch, {}).items() if name in self._known}
            return released | {switch: self._converted(switch)}
        kept = [name for name in BY_HAND[switch] if name in self._set]
        return {switch: self._converted(switch)} | {name: self._converted(name) for name in kept}

    def _control(self, native: str, metadata: Mapping[str, Any]) -> Control:
        known = self._known[native]
        name, unit = COMMON.get(native, (native, ""))
        default = self._default(native)
        inactive = self._inactive(native)
        value = None if inactive else self._set.get(native)
        if value is None:
            value = _plain(native, metadata[native]) if native in metadata else default
        low, high = self._bounds(native)
        return Control(
            name=name,
            type=_kind(native, known),
            value=value,
            default=default,
            min=low,
            max=high,
            length=known.size or (4 if known.type == "Rectangle" else None),
            menu=None if native in BY_HAND or not known.menu else {str(n): text for n, text in known.menu.items()},
            unit=unit,
            inactive=inactive,
        )

    def _bounds(self, native: str) -> tuple[float | None, float | None]:
        known = self._known[native]
        if _kind(native, known) in ("bool", "menu"):
            return None, None
        low, high = known.low, known.high
        if known.type == "Rectangle":
            return 0, max(high, default=None) if isinstance(high, Sequence) else None
        if isinstance(low, Sequence) or isinstance(high, Sequence):  # of an array, each with bounds of its own
            low = min(low) if isinstance(low, Sequence) else low
            high = max(high) if isinstance(high, Sequence) else high
        if native == "ExposureTime":
            longest = int(1_000_000 / self._fps)  # the frame's period: the rate is not ours to change
            low, high = max(low or 1, 1), min(high or longest, longest)
        return low, high

    def _default(self, native: str) -> Value | None:
        if native in self._began_with:
            return _plain(native, self._began_with[native])
        default = self._known[native].default
        if native in BY_HAND and default is None:
            return True  # older versions of libcamera do not tell, and all begin so
        if default is None or (_kind(native, self._known[native]) == "list") != isinstance(default, (tuple, list)):
            return None
        value = _plain(native, default)
        low, high = self._bounds(native)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low is not None and high is not None:
            return type(value)(min(max(value, low), high))
        return value

    def _on(self, switch: str) -> bool:
        return bool(self._set.get(switch, self._default(switch)))

    def _inactive(self, native: str) -> bool:
        """Whether a switch stands so that this one has no effect."""
        switches = [switch for switch in BY_HAND if switch in self._known]
        return any(native in (BY_HAND if self._on(switch) else BY_ITSELF)[switch] for switch in switches)

    def _converted(self, native: str) -> Any:
        """The value that was set, in the type that the bindings insist on: a wrong one ends picamera2's event loop."""
        value, known = self._set[native], self._known[native]
        if native == "AfMode":
            return AF_CONTINUOUS if value else AF_MANUAL
        if known.type == "Rectangle" and isinstance(value, list):
            return tuple(int(number) for number in value)
        number = _NUMBERS.get(known.type)
        if number is None:
            return value
        return tuple(map(number, value)) if isinstance(value, list) else number(value)


def _usable(known: Advertised) -> bool:
    """Whether framebus has a type for it."""
    if known.type in ("Bool", "Rectangle"):
        return known.size is None
    return known.type in _NUMBERS and known.size != 0


def _kind(native: str, known: Advertised) -> Any:
    """framebus.protocol.controls.ControlType."""
    if native in BY_HAND or known.type == "Bool":
        return "bool"
    if known.type == "Rectangle" or known.size:
        return "list"
    if known.menu:
        return "menu"
    return "float" if known.type == "Float" else "int"


def _plain(native: str, value: Any) -> Value:
    """A value of libcamera's as framebus has it."""
    if native == "AfMode":
        return int(value) != AF_MANUAL
    if isinstance(value, (tuple, list)):
        return [float(number) for number in value]
    return value if isinstance(value, (bool, float)) else int(value)


def _name(native: str) -> str:
    return COMMON.get(native, (native, ""))[0]
