"""The controls of a camera: their properties, the check of a value, and the messages of the control socket.

No sockets and no cameras: capture applies the values.
"""

from typing import Annotated, Any, Literal

import msgspec

from framebus.config.strict_toml import did_you_mean
from framebus.errors import FramebusError
from framebus.protocol.wire import VERSION, CameraName, Count, ShortText

MAX_TEXT_BYTES = 4096
"""No value that is a text is longer."""
MAX_CONTROLS = 1024
MAX_CHOICES = 1024

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Value = bool | Integer | float | Annotated[str, msgspec.Meta(max_length=MAX_TEXT_BYTES)] | list[float]
ChoiceNumber = Annotated[str, msgspec.Meta(pattern=r"\A-?[0-9]{1,19}\Z")]
ControlType = Literal["bool", "int", "float", "menu", "text", "list"]


class ControlError(FramebusError, ValueError):
    """A control request was refused.

    Attributes:
        code: The reason, for programs; docs/wire-format.md lists them. The text of the exception says what is allowed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["ControlError"], tuple[str, str]]:
        return type(self), (self.code, str(self))


class Control(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One control of a camera, and its value.

    `name` is one of docs/cameras.md where several kinds of camera have the same control, else the camera's own name.
    """

    name: ShortText
    type: ControlType
    value: Value | None = None
    """None where the camera does not report it; of a menu, the number of the choice."""
    default: Value | None = None
    min: float | None = None
    max: float | None = None
    """Of a list, the bounds of each number in it; of a text, of its length in characters."""
    step: float | None = None
    length: Count | None = None
    """The number of values in a list."""
    menu: Annotated[dict[ChoiceNumber, ShortText], msgspec.Meta(max_length=MAX_CHOICES)] | None = None
    """The camera's name of each choice, by its number in decimal."""
    unit: ShortText = ""
    read_only: bool = False
    inactive: bool = False
    """This control has no effect, because of the value of another one."""

    def check(self, value: Any) -> Value:
        """Convert a value to what the camera takes, such as the name of a choice to its number.

        Args:
            value: Of any type.

        Returns:
            The value for the camera.

        Raises:
            ControlError: The value is not allowed. Its `code` is read-only, wrong-type or out-of-range.
        """
        if self.read_only:
            raise ControlError("read-only", f"{self.name}: cannot be set, only read")
        match self.type:
            case "bool" if isinstance(value, bool):
                return value
            case "int" if isinstance(value, int) and not isinstance(value, bool):
                return int(self._within(value))
            case "float" if isinstance(value, (int, float)) and not isinstance(value, bool):
                return self._float(value)
            case "menu":
                return self._choice(value)
            case "text" if isinstance(value, str) and len(value) <= (self.max or MAX_TEXT_BYTES):
                return value
            case "list" if isinstance(value, list) and self.length in (None, len(value)):
                return [self._float(number) for number in map(self._number, value)]
        raise ControlError("wrong-type", self._refusal(value))

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        match self.type:
            case "bool":
                return "true or false"
            case "menu":
                return ", ".join(f"{number} ({label})" for number, label in (self.menu or {}).items())
            case "text":
                return f"a text of at most {self.max or MAX_TEXT_BYTES:g} characters"
            case "list":
                many = f"{self.length} numbers" if self.length else "a list of numbers"
                return f"{many}{', each' if self._range else ''}{self._range}"
        kind = "a whole number" if self.type == "int" else "a number"
        return f"{kind}{self._range}{f' {self.unit}' if self.unit else ''}"

    @property
    def _range(self) -> str:
        step = f" in steps of {self.step:g}" if self.step not in (None, 0, 1) else ""
        if self.min is not None and self.max is not None:
            return f" from {self.min:.10g} to {self.max:.10g}{step}"
        return step

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ControlError("wrong-type", self._refusal(value))
        return value

    def _float(self, value: float) -> float:
        try:
            return float(self._within(value))
        except OverflowError:  # an integer of hundreds of digits
            raise ControlError("out-of-range", self._refusal(value)) from None

    def _within(self, value: float) -> float:
        # Written so that NaN, of which every comparison is false, is out of range.
        if not ((self.min is None or value >= self.min) and (self.max is None or value <= self.max)):
            raise ControlError("out-of-range", self._refusal(value))
        if self.step and self.min is not None and self.type == "int":  # V4L2 drivers round, but not all of them
            value = self.min + round((value - self.min) / self.step) * self.step
        return value

    def _choice(self, value: Any) -> int:
        menu = self.menu or {}
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in menu:
            return value
        named = [number for number, label in menu.items() if isinstance(value, str) and label.lower() == value.lower()]
        if not named:
            code = "wrong-type" if isinstance(value, (bool, float, list)) else "out-of-range"
            raise ControlError(code, self._refusal(value))
        return int(named[0])

    def _refusal(self, value: Any) -> str:
        return f"{self.name}: found {shown(value)}; allowed: {self.allowed}"


class ControlsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to a control socket, a line of JSON: `{}` lists, `{"set":{…}}` sets, `{"reset":["brightness"]}` and
    `{"reset":"all"}` reset first. The reply is the list of the controls afterwards.
    """

    v: Literal[1] = VERSION
    set: dict[str, Any] = {}
    reset: list[str] | Literal["all"] = []


class ControlsHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a `controls/` message: every control of the camera, in the camera's order."""

    v: Literal[1]
    camera: CameraName
    controls: Annotated[list[Control], msgspec.Meta(max_length=MAX_CONTROLS)]


def named(controls: list[Control], name: str) -> Control:
    """The control of this name. Raises ControlError with code unknown-control."""
    control = next((control for control in controls if control.name == name), None)
    if control is None:
        names = [control.name for control in controls]
        allowed = ", ".join(names) or "nothing: this camera has no controls"
        raise ControlError(
            "unknown-control", f"{shown(name)}: no such control; allowed: {allowed}{did_you_mean(name, names)}"
        )
    return control


def checked(controls: list[Control], values: dict[str, Any]) -> dict[str, Value]:
    """All the values as the camera takes them. Raises ControlError for the first that is refused; set none then."""
    return {name: named(controls, name).check(value) for name, value in values.items()}


def shown(value: Any, most: int = 80) -> str:
    """A value as JSON, short enough for a sentence; of nested values, only the type."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        return "a list of lists or objects"
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError):
        try:
            text = repr(value)
        except ValueError:  # Python prints no integer of more than some thousand digits
            text = "a number of thousands of digits"
    return text if len(text) <= most else text[:most] + "…"
