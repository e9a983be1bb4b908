"""The single-planar and the multi-planar API of a V4L2 capture queue.

Drivers of the second kind give most formats in one plane of memory too; those are read like the first.
"""

from ctypes import POINTER, Structure, Union, c_uint32, c_ulong, cast
from typing import Any, Protocol

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

    def mapping(self, buffer: Any) -> tuple[int, int]:
        """The length and the offset to map, of a buffer that QUERYBUF has filled in."""

    def used(self, buffer: Any) -> tuple[int, int]:
        """Where in the mapping the data of a dequeued buffer begins and ends."""

    def pixels(self, wanted: Any) -> Any:
        """The part of a struct v4l2_format that has width, height, pixelformat and colours."""

    def bytes_per_line(self, given: Any) -> int:
        """Of the format that S_FMT has filled in; 0 where it has more than one plane of memory."""

    def memory_planes(self, given: Any) -> int:
        """How many planes of memory a frame has in the format that S_FMT has filled in."""


class SinglePlanar:
    """V4L2_BUF_TYPE_VIDEO_CAPTURE."""

    type = kernel.V4L2_BUF_TYPE_VIDEO_CAPTURE

    def buffer(self, index: int) -> Any:
        """As Queue says."""
        return kernel.v4l2_buffer(index=index, type=self.type, memory=kernel.V4L2_MEMORY_MMAP)

    def mapping(self, buffer: Any) -> tuple[int, int]:
        """As Queue says."""
        return buffer.length, buffer.m.offset

    def used(self, buffer: Any) -> tuple[int, int]:
        """As Queue says."""
        return 0, buffer.bytesused

    def pixels(self, wanted: Any) -> Any:
        """As Queue says."""
        return wanted.fmt.pix

    def bytes_per_line(self, given: Any) -> int:
        """As Queue says."""
        return int(given.fmt.pix.bytesperline)

    def memory_planes(self, given: Any) -> int:
        """As Queue says."""
        return 1


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

    def mapping(self, buffer: Any) -> tuple[int, int]:
        """As Queue says."""
        plane = buffer.plane_array[0]
        return plane.length, plane.m.mem_offset

    def used(self, buffer: Any) -> tuple[int, int]:
        """As Queue says."""
        plane = buffer.plane_array[0]
        return plane.data_offset, plane.bytesused

    def pixels(self, wanted: Any) -> Any:
        """As Queue says."""
        return wanted.fmt.pix_mp

    def bytes_per_line(self, given: Any) -> int:
        """As Queue says."""
        return int(given.fmt.pix_mp.plane_fmt[0].bytesperline)

    def memory_planes(self, given: Any) -> int:
        """As Queue says."""
        return int(given.fmt.pix_mp.num_planes)


def queue_of(capabilities: int) -> Queue | None:
    """The queue of a device with these capabilities; None for one that captures no video."""
    if capabilities & kernel.V4L2_CAP_VIDEO_CAPTURE:
        return SinglePlanar()
    return MultiPlanar() if capabilities & kernel.V4L2_CAP_VIDEO_CAPTURE_MPLANE else None
