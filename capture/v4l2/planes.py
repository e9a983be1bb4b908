"""The single-planar and the multi-planar API of a V4L2 capture queue.

Drivers of the second kind give most formats in one plane of memory, too.
"""

from ctypes import POINTER, Structure, Union, c_uint32, c_ulong, cast
from typing import Any, Protocol

import msgspec
import videodev2 as kernel


class _Memory(Union):
    _fields_ = (("mem_offset", c_uint32), ("userptr", c_ulong), ("fd", c_uint32))


class Plane(Structure):
    """struct v4l2_plane; that of the package `videodev2` is 4 bytes short on 64-bit machines."""

    _fields_ = (
        ("bytesused", c_uint32),
        ("length", c_uint32),
        ("m", _Memory),
        ("data_offset", c_uint32),
        ("reserved", c_uint32 * 11),
    )


class Queue(Protocol):
    """What differs between the two kinds."""

    type: int
    """The buffer type, for every call."""

    def buffer(self, index: int) -> Any:
        """A struct v4l2_buffer for this index."""

    def mappings(self, buffer: Any) -> list[tuple[int, int]]:
        """The length and the offset to map of each plane, of a buffer that QUERYBUF has filled in."""

    def used(self, buffer: Any) -> tuple[tuple[int, int], ...]:
        """Where in each mapping the data of a dequeued buffer begins and ends."""

    def pixels(self, wanted: Any) -> Any:
        """The part of a struct v4l2_format that has width, height, pixelformat and colours."""

    def bytes_per_line(self, given: Any) -> list[int]:
        """Of each plane of memory, in the format that S_FMT has filled in."""


class SinglePlanar:
    """V4L2_BUF_TYPE_VIDEO_CAPTURE."""

    type = kernel.V4L2_BUF_TYPE_VIDEO_CAPTURE

    def buffer(self, index: int) -> Any:
        """As Queue says."""
        return kernel.v4l2_buffer(index=index, type=self.type, memory=kernel.V4L2_MEMORY_MMAP)

    def mappings(self, buffer: Any) -> list[tuple[int, int]]:
        """As Queue says."""
        return [(buffer.length, buffer.m.offset)]

    def used(self, buffer: Any) -> tuple[tuple[int, int], ...]:
        """As Queue says."""
        return ((0, buffer.bytesused),)

    def pixels(self, wanted: Any) -> Any:
        """As Queue says."""
        return wanted.fmt.pix

    def bytes_per_line(self, given: Any) -> list[int]:
        """As Queue says."""
        return [int(given.fmt.pix.bytesperline)]


class MultiPlanar:
    """V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE."""

    type = kernel.V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE

    def buffer(self, index: int) -> Any:
        """As Queue says."""
        buffer = kernel.v4l2_buffer(index=index, type=self.type, memory=kernel.V4L2_MEMORY_MMAP)
        buffer.plane_array = (Plane * kernel.VIDEO_MAX_PLANES)()  # an attribute of Python's, to keep it alive
        buffer.m.planes = cast(buffer.plane_array, POINTER(kernel.v4l2_plane))
        buffer.length = kernel.VIDEO_MAX_PLANES
        return buffer

    def mappings(self, buffer: Any) -> list[tuple[int, int]]:
        """As Queue says."""
        return [(plane.length, plane.m.mem_offset) for plane in buffer.plane_array[: buffer.length]]

    def used(self, buffer: Any) -> tuple[tuple[int, int], ...]:
        """As Queue says."""
        used_planes = buffer.plane_array[: buffer.length]
        return tuple((plane.data_offset, max(plane.data_offset, plane.bytesused)) for plane in used_planes)

    def pixels(self, wanted: Any) -> Any:
        """As Queue says."""
        return wanted.fmt.pix_mp

    def bytes_per_line(self, given: Any) -> list[int]:
        """As Queue says."""
        planes = given.fmt.pix_mp.plane_fmt[: given.fmt.pix_mp.num_planes]
        return [int(plane.bytesperline) for plane in planes]


class SplitFormat(msgspec.Struct, frozen=True):
    """A format that has its planes in memories of their own, and what it is when they are put end to end."""

    fourcc: str
    """The format with the same planes in one memory."""
    lines: tuple[float, ...]
    """How many bytes a line of each plane has, as a part of the first one's."""
    rows: tuple[float, ...]
    """How many lines each plane has, as a part of the first one's."""

    def plane_bytes(self, bytes_per_line: list[int], height: int) -> list[int] | None:
        """How many bytes each plane has without what is behind its last line; None if the planes do not fit together.

        Args:
            bytes_per_line: of each plane.
            height: of the frame.
        """
        wanted = [round(bytes_per_line[0] * part) for part in self.lines]
        if bytes_per_line != wanted:
            return None
        return [line * round(height * part) for line, part in zip(wanted, self.rows, strict=True)]


SPLIT_FORMATS = {
    "NM12": SplitFormat("NV12", (1, 1), (1, 0.5)),
    "NM21": SplitFormat("NV21", (1, 1), (1, 0.5)),
    "NM16": SplitFormat("NV16", (1, 1), (1, 1)),
    "NM61": SplitFormat("NV61", (1, 1), (1, 1)),
    "YM12": SplitFormat("YU12", (1, 0.5, 0.5), (1, 0.5, 0.5)),
    "YM21": SplitFormat("YV12", (1, 0.5, 0.5), (1, 0.5, 0.5)),
    "YM16": SplitFormat("422P", (1, 0.5, 0.5), (1, 1, 1)),
}
"""The fourcc codes of V4L2_PIX_FMT_NV12M and its like (userspace-api/media/v4l/pixfmt-yuv-planar.html)."""


def queue_of(capabilities: int) -> Queue | None:
    """The queue of a device with these capabilities; None for one that captures no video."""
    if capabilities & kernel.V4L2_CAP_VIDEO_CAPTURE:
        return SinglePlanar()
    return MultiPlanar() if capabilities & kernel.V4L2_CAP_VIDEO_CAPTURE_MPLANE else None
