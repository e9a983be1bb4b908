"""Streams, their configurations, the buffers that are filled, and the requests that carry them."""

import enum
import mmap
from collections.abc import Iterator
from typing import Any

from ._switches import fault
from ._values import ColorSpace, ControlId, Orientation, PixelFormat, Size, StreamRole

BYTES_PER_PIXEL = {"XBGR8888": 4, "XRGB8888": 4, "BGR888": 3, "RGB888": 3, "YUV420": 1, "NV12": 1}
"""Of a line of the first plane."""
RAW = "SRGGB10_CSI2P"
RAW_SIZES = (Size(1536, 864), Size(2304, 1296), Size(4608, 2592))
LARGEST = RAW_SIZES[-1]


class Stream:
    def __init__(self, configuration: "StreamConfiguration") -> None:
        self.configuration = configuration


class StreamFormats:
    def __init__(self, offered: dict[str, list[Size]]) -> None:
        self._offered = offered

    @property
    def pixel_formats(self) -> list[PixelFormat]:
        return [PixelFormat(name) for name in self._offered]

    def sizes(self, pixel_format: PixelFormat) -> list[Size]:
        return self._offered[str(pixel_format)]


class StreamConfiguration:
    def __init__(self, role: StreamRole) -> None:
        self.role = role
        self.stream: Stream | None = None
        self.size = Size(640, 480)
        self.pixel_format = PixelFormat(RAW if role == StreamRole.Raw else "XBGR8888")
        self.buffer_count = 4
        self.stride = 0
        self.frame_size = 0
        self.color_space: ColorSpace | None = None

    @property
    def formats(self) -> StreamFormats:
        if self.role == StreamRole.Raw:
            return StreamFormats({RAW: list(RAW_SIZES)})
        return StreamFormats({name: [LARGEST] for name in BYTES_PER_PIXEL})

    def adjust(self) -> bool:
        """Make it what the camera can do; returns whether it had to be changed. Lines are padded as on a Pi."""
        asked = (str(self.pixel_format), self.size)
        if fault() == "nv12":
            self.pixel_format = PixelFormat("NV12")
        elif str(self.pixel_format) not in BYTES_PER_PIXEL:
            self.pixel_format = PixelFormat("XBGR8888")
        name = str(self.pixel_format)
        self.size = Size(min(self.size.width, LARGEST.width), min(self.size.height, LARGEST.height))
        self.stride = -(-self.size.width * BYTES_PER_PIXEL[name] // 64) * 64
        lines = self.size.height * 3 // 2 if name in ("YUV420", "NV12") else self.size.height
        self.frame_size = self.stride * lines
        return (name, self.size) != asked


class SensorConfiguration:
    def __init__(self) -> None:
        self.bit_depth = 0
        self.output_size = Size()


class CameraConfiguration:
    class Status(enum.Enum):
        Valid = 0
        Adjusted = 1
        Invalid = 2

    def __init__(self, roles: list[StreamRole]) -> None:
        self._streams = [StreamConfiguration(role) for role in roles]
        self.orientation = Orientation.Rotate0
        self.sensor_config: SensorConfiguration | None = None

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self._streams)

    def validate(self) -> "CameraConfiguration.Status":
        if fault() == "one-stream" and len(self._streams) > 1:
            return self.Status.Invalid
        changed = [stream.adjust() for stream in self._streams]
        if fault() == "equal-streams" and self._streams[-1].size != self._streams[0].size:
            self._streams[-1].size = self._streams[0].size
            changed.append(self._streams[-1].adjust() or True)
        if fault() == "no-flips" and self.orientation != Orientation.Rotate0:
            self.orientation = Orientation.Rotate0
            changed.append(True)
        return self.Status.Adjusted if any(changed) else self.Status.Valid


class FrameMetadata:
    class Status(enum.Enum):
        Success = 0
        Error = 1
        Cancelled = 2

    def __init__(self) -> None:
        self.status = self.Status.Success
        self.sequence = 0
        self.timestamp = 0


class FrameBuffer:
    class Plane:
        def __init__(self) -> None:
            self.fd = -1
            self.offset = 0
            self.length = 0

    def __init__(self, planes: "list[FrameBuffer.Plane]", cookie: int = 0) -> None:
        self.planes = planes
        self.cookie = cookie
        self.metadata = FrameMetadata()
        self.memory = mmap.mmap(planes[0].fd, planes[-1].offset + planes[-1].length)
        self.drawn: object = None
        """What was last drawn here, so that it is not drawn again for each frame."""


class FrameBufferAllocator:
    """picamera2 names it, and uses an allocator of its own."""


class Request:
    class Status(enum.Enum):
        Pending = 0
        Complete = 1
        Cancelled = 2

    def __init__(self, cookie: int) -> None:
        self.cookie = cookie
        self.buffers: dict[Stream, FrameBuffer] = {}
        self.metadata: dict[ControlId, Any] = {}
        self.status = self.Status.Pending
        self.wanted: dict[ControlId, Any] = {}

    def add_buffer(self, stream: Stream, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def set_control(self, id: ControlId, value: Any) -> None:
        if not id.accepts(value):
            raise RuntimeError(f"Unable to cast {value!r} for {id!r}")
        self.wanted[id] = value

    def reuse(self) -> None:
        self.status = self.Status.Pending
        self.metadata = {}
        self.wanted = {}
