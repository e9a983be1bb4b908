"""Translates between framebus controls and those of a V4L2 driver.

Names that mean the same for a Pi camera are framebus' own (docs/cameras.md); all others are as v4l2-ctl prints them.
Numbers and meanings are of the kernel's documentation, "User Controls" and "Camera Control Reference".
"""

import contextlib
import errno
import os
import re
from collections.abc import Callable
from typing import Any

import msgspec
import videodev2 as kernel

from framebus.protocol.controls import Control, ControlError, Value

MAX_CONTROLS = 128
"""A driver that lists more than these is not believed."""
MAX_MENU = 64
EXPOSURE_UNIT_US = 100
"""V4L2_CID_EXPOSURE_ABSOLUTE counts in these."""
MANUAL_EXPOSURE = 1
AUTO_EXPOSURES = (3, 0)
"""V4L2_EXPOSURE_APERTURE_PRIORITY, which is what UVC cameras call automatic, and V4L2_EXPOSURE_AUTO."""
MENUS = (kernel.V4L2_CTRL_TYPE_MENU, kernel.V4L2_CTRL_TYPE_INTEGER_MENU)

COMMON = {
    kernel.V4L2_CID_BRIGHTNESS: "brightness",
    kernel.V4L2_CID_CONTRAST: "contrast",
    kernel.V4L2_CID_SATURATION: "saturation",
    kernel.V4L2_CID_SHARPNESS: "sharpness",
    kernel.V4L2_CID_GAIN: "gain",
    kernel.V4L2_CID_EXPOSURE_ABSOLUTE: "exposure_time",
    kernel.V4L2_CID_EXPOSURE_AUTO: "auto_exposure",
    kernel.V4L2_CID_AUTO_WHITE_BALANCE: "auto_white_balance",
    kernel.V4L2_CID_WHITE_BALANCE_TEMPERATURE: "colour_temperature",
    kernel.V4L2_CID_FOCUS_ABSOLUTE: "focus",
    kernel.V4L2_CID_FOCUS_AUTO: "auto_focus",
}
UNITS = {"exposure_time": "µs", "colour_temperature": "K"}
SWITCH_OF = {
    "exposure_time": "auto_exposure",
    "gain": "auto_exposure",
    "colour_temperature": "auto_white_balance",
    "focus": "auto_focus",
}
"""Which automatic makes a control inactive."""

Ask = Callable[[int, Any], Any]
"""Make a call of the driver; raises OSError as it answers."""


class Native(msgspec.Struct, frozen=True):
    """A control as the driver has it, beside what framebus makes of it."""

    id: int
    control: Control
    automatic: int = 0
    """Of auto_exposure, what the driver calls automatic."""


def read(ask: Ask) -> list[Native]:
    """Every control that can be said, and how it is set now. Raises OSError when the camera is gone."""
    natives: list[Native] = []
    at = 0
    while len(natives) < MAX_CONTROLS:
        query = kernel.v4l2_queryctrl(id=at | kernel.V4L2_CTRL_FLAG_NEXT_CTRL)
        try:
            ask(kernel.VIDIOC_QUERYCTRL, query)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                break
            raise
        at = query.id
        menu = _menu(ask, query) if query.type in MENUS else None
        control = _control(ask, query, menu)
        if control is not None:
            natives.append(Native(query.id, control, _automatic(menu)))
    return natives


def write(ask: Ask, natives: list[Native], values: dict[str, Value]) -> None:
    """Set these, the automatics first, as they decide whether the others have an effect: all, or none.

    Raises ControlError when the driver refuses one, those before it put back; OSError when the camera is gone.
    """
    by_name = {native.control.name: native for native in natives}
    done: list[Native] = []
    for name in sorted(values, key=lambda name: name not in SWITCH_OF.values()):
        native = by_name[name]
        try:
            _check_active(native, by_name, values)
            _set(ask, native, values[name])
        except ControlError:
            _put_back(ask, done)
            raise
        done.append(native)


def _check_active(native: Native, by_name: dict[str, Native], values: dict[str, Value]) -> None:
    name = native.control.name
    switch = SWITCH_OF.get(name, "")
    if native.control.inactive and switch in by_name and switch not in values:
        raise ControlError("inactive", f"{name}: has no effect while {switch} is on; set {switch} to false first")


def _set(ask: Ask, native: Native, value: Value) -> None:
    try:
        ask(kernel.VIDIOC_S_CTRL, kernel.v4l2_control(id=native.id, value=_number(native, value)))
    except OSError as error:
        raise _refused(native.control, value, error) from error


def _put_back(ask: Ask, done: list[Native]) -> None:
    """The last one first, so that an automatic is off as long as what it governs has to be set."""
    for native in reversed(done):
        if native.control.value is not None:  # some drivers do not tell how a control is set
            with contextlib.suppress(ControlError):
                _set(ask, native, native.control.value)


def _automatic(menu: dict[str, str] | None) -> int:
    return next((number for number in AUTO_EXPOSURES if str(number) in (menu or {})), AUTO_EXPOSURES[0])


def _control(ask: Ask, query: Any, menu: dict[str, str] | None) -> Control | None:
    """None for what cannot be said, such as buttons."""
    flags = query.flags
    types = {
        kernel.V4L2_CTRL_TYPE_INTEGER: "int",
        kernel.V4L2_CTRL_TYPE_BOOLEAN: "bool",
        kernel.V4L2_CTRL_TYPE_MENU: "menu",
        kernel.V4L2_CTRL_TYPE_INTEGER_MENU: "menu",
    }
    kind = types.get(query.type)
    if kind is None or flags & (kernel.V4L2_CTRL_FLAG_DISABLED | kernel.V4L2_CTRL_FLAG_WRITE_ONLY):
        return None
    name = COMMON.get(query.id) or _native_name(kernel.arr_to_str(query.name))
    value = _value(ask, query.id)
    default: Value | None = query.default_value
    if name == "auto_exposure":
        kind, value, default, menu = "bool", value != MANUAL_EXPOSURE, default != MANUAL_EXPOSURE, None
    elif kind == "bool":
        value, default = bool(value), bool(default)
    scale = EXPOSURE_UNIT_US if name == "exposure_time" else 1
    if kind == "int":
        value, default = value if value is None else value * scale, query.default_value * scale
    return Control(
        name=name,
        type=kind,  # type: ignore[arg-type]  # one of the words above
        value=value,
        default=default,
        min=query.minimum * scale if kind == "int" else None,
        max=query.maximum * scale if kind == "int" else None,
        step=query.step * scale if kind == "int" else None,
        menu=menu,
        unit=UNITS.get(name, ""),
        read_only=bool(flags & kernel.V4L2_CTRL_FLAG_READ_ONLY),
        inactive=bool(flags & kernel.V4L2_CTRL_FLAG_INACTIVE),
    )


def _value(ask: Ask, control: int) -> Any:
    """None where the driver does not tell, as some do of a control that is inactive."""
    control_value = kernel.v4l2_control(id=control)
    try:
        ask(kernel.VIDIOC_G_CTRL, control_value)
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.ENXIO):
            raise
        return None
    return control_value.value


def _menu(ask: Ask, query: Any) -> dict[str, str]:
    """The choices; a driver may leave some numbers out."""
    choices = {}
    for index in range(query.minimum, min(query.maximum, query.minimum + MAX_MENU) + 1):
        item = kernel.v4l2_querymenu(id=query.id, index=index)
        try:
            ask(kernel.VIDIOC_QUERYMENU, item)
        except OSError as error:
            if error.errno == errno.EINVAL:
                continue
            raise
        integer = query.type == kernel.V4L2_CTRL_TYPE_INTEGER_MENU
        choices[str(index)] = str(item.value) if integer else kernel.arr_to_str(item.name)
    return choices


def _number(native: Native, value: Value) -> int:
    """What the driver takes."""
    if native.id == kernel.V4L2_CID_EXPOSURE_AUTO:
        return native.automatic if value else MANUAL_EXPOSURE
    if native.id == kernel.V4L2_CID_EXPOSURE_ABSOLUTE:
        return round(float(value) / EXPOSURE_UNIT_US)  # type: ignore[arg-type]  # checked: it is a number
    return int(value)  # type: ignore[arg-type]  # checked: a number, or true or false


def _refused(control: Control, value: Value, error: OSError) -> Exception:
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return error
    reasons = {
        errno.EACCES: "it cannot be set now",
        errno.EBUSY: "another program uses it",
        errno.ERANGE: f"allowed: {control.allowed}",
        errno.EINVAL: f"allowed: {control.allowed}",
    }
    why = reasons.get(error.errno or 0) or os.strerror(error.errno or 0)
    return ControlError("refused", f"{control.name}: the camera refuses {value}: {why}")


def _native_name(name: str) -> str:
    """As v4l2-ctl makes it of the driver's words (v4l2-ctl-common.cpp, name2var)."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
