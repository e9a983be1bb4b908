"""The small types: geometry, formats, colour spaces, controls. Names and signatures are those of libcamera 0.7."""

import enum
from typing import Any


class StreamRole(enum.Enum):
    Raw = 0
    StillCapture = 1
    VideoRecording = 2
    Viewfinder = 3


class ControlType(enum.Enum):
    Null = 0
    Bool = 1
    Byte = 2
    Integer32 = 5
    Integer64 = 6
    Float = 7
    String = 8
    Rectangle = 9
    Size = 10
    Point = 11


class Orientation(enum.Enum):
    Rotate0 = 1
    Rotate0Mirror = 2
    Rotate180 = 3
    Rotate180Mirror = 4
    Rotate90Mirror = 5
    Rotate270 = 6
    Rotate270Mirror = 7
    Rotate90 = 8


class Size:
    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width = width
        self.height = height

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and (self.width, self.height) == (other.width, other.height)

    def __hash__(self) -> int:
        return hash((self.width, self.height))


class Rectangle:
    def __init__(self, x: int = 0, y: int = 0, width: int = 0, height: int = 0) -> None:
        self.x = x
        self.y = y
        self.width = width
        self.height = height


class PixelFormat:
    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name


class Transform:
    def __init__(
        self, other: "Transform | None" = None, *, hflip: bool = False, vflip: bool = False, transpose: bool = False
    ) -> None:
        self.hflip: bool = other.hflip if other else bool(hflip)
        self.vflip: bool = other.vflip if other else bool(vflip)
        self.transpose: bool = other.transpose if other else bool(transpose)

    def __str__(self) -> str:
        done = [name for name in ("transpose", "hflip", "vflip") if getattr(self, name)]
        return "+".join(done) or "identity"

    # picamera2 sets __eq__ of the class and keeps its objects in a dict: each is a key of its own.
    __hash__ = object.__hash__


class ColorSpace:
    class Primaries(enum.Enum):
        Raw = 0
        Smpte170m = 1
        Rec709 = 2
        Rec2020 = 3

    class TransferFunction(enum.Enum):
        Linear = 0
        Srgb = 1
        Rec709 = 2

    class YcbcrEncoding(enum.Enum):
        Null = 0
        Rec601 = 1
        Rec709 = 2
        Rec2020 = 3

    class Range(enum.Enum):
        Full = 0
        Limited = 1

    def __init__(self, primaries: Any, transferFunction: Any = None, ycbcrEncoding: Any = None, range: Any = None):
        if isinstance(primaries, ColorSpace):
            self.__dict__.update(primaries.__dict__)
            return
        self.primaries = primaries
        self.transferFunction = transferFunction
        self.ycbcrEncoding = ycbcrEncoding
        self.range = range

    def __str__(self) -> str:
        return "/".join(part.name for part in (self.primaries, self.transferFunction, self.ycbcrEncoding, self.range))

    __hash__ = object.__hash__

    @classmethod
    def Raw(cls) -> "ColorSpace":
        return cls(cls.Primaries.Raw, cls.TransferFunction.Linear, cls.YcbcrEncoding.Null, cls.Range.Full)

    @classmethod
    def Sycc(cls) -> "ColorSpace":
        return cls(cls.Primaries.Rec709, cls.TransferFunction.Srgb, cls.YcbcrEncoding.Rec601, cls.Range.Full)

    @classmethod
    def Smpte170m(cls) -> "ColorSpace":
        return cls(cls.Primaries.Smpte170m, cls.TransferFunction.Rec709, cls.YcbcrEncoding.Rec601, cls.Range.Limited)

    @classmethod
    def Rec709(cls) -> "ColorSpace":
        return cls(cls.Primaries.Rec709, cls.TransferFunction.Rec709, cls.YcbcrEncoding.Rec709, cls.Range.Limited)

    @classmethod
    def Srgb(cls) -> "ColorSpace":
        return cls(cls.Primaries.Rec709, cls.TransferFunction.Srgb, cls.YcbcrEncoding.Null, cls.Range.Full)


class ControlId:
    def __init__(self, name: str, type: ControlType, size: int | None = None) -> None:
        self.name = name
        self.type = type
        self.isArray = size is not None
        self.size = size or 0

    def __repr__(self) -> str:
        return f"libcamera.ControlId({self.name})"

    def accepts(self, value: object) -> bool:
        """Whether the real binding could convert it: a whole number is a float to it, and nothing else is converted."""
        if self.isArray:
            one = ControlId(self.name, self.type)
            return isinstance(value, (list, tuple)) and all(map(one.accepts, value))
        kinds: dict[ControlType, Any] = {
            ControlType.Bool: bool,
            ControlType.Float: (int, float),
            ControlType.Rectangle: Rectangle,
            ControlType.Size: Size,
        }
        return isinstance(value, kinds.get(self.type, int))


class ControlInfo:
    def __init__(self, min: Any, max: Any, default: Any = None, values: list[Any] | None = None) -> None:
        self.min = min
        self.max = max
        self.default = default
        self.values = values or []
