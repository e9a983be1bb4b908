"""V4L2 device nodes: which are cameras, and typed calls and mappings for capturing.

capture.sources.v4l2 decides what to do with a camera. Structures and numbers are those of `videodev2`, which is made
from the kernel's header of that name. V4l2Device raises OSError, as the driver answered.
"""

import contextlib
import errno
import fcntl
import logging
import math
import mmap
import os
import re
import select
import time
from collections.abc import Iterable
from ctypes import c_int
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import videodev2 as kernel

from capture.source import SourceError
from capture.v4l2 import frame_sizes, planes, reasons
from capture.v4l2.controls import Native, read, write
from framebus.config.size import Size
from framebus.protocol.controls import Value
from framebus.runtime.host_clock import from_host

logger = logging.getLogger("capture")

JPEG_FORMATS = ("MJPG", "JPEG")
RAW_FORMATS: tuple[str, ...] = (
    *("YUYV", "UYVY", "YVYU", "VYUY", "NV16", "NV61", "422P", "NV12", "NV21", "YU12", "YV12", "NV24", "NV42"),
    *("RGB3", "BGR3", "XR24", "AR24", "BGR4", "RGB4", "GREY"),
)
"""Those of capture.v4l2.raw, which is not imported here: it needs Pillow, 3 MB of memory."""
VIDEO_FORMATS = ("H264", "HEVC")
"""Those of capture.v4l2.video_decoder, for cameras that offer nothing else."""
USABLE_FORMATS = (*JPEG_FORMATS, *RAW_FORMATS, *planes.SPLIT_FORMATS)
"""The fourcc codes that framebus can use, the best first: JPEG of the camera's own costs nothing."""
NO_CAMERAS = ("bcm2835-codec", "bcm2835-isp", "unicam", "rp1-cfe", "pispbe", "rpi-hevc-dec", "rpivid")
"""Drivers of a Raspberry Pi whose nodes are parts of a Pi camera's path, or codecs: libcamera uses them."""
MAX_FORMATS = 64
"""More than these of a driver's list are not read."""
RGB_FORMATS = ("RGB3", "BGR3", "XR24", "AR24", "BGR4", "RGB4")
_ENCODINGS = {
    kernel.V4L2_YCBCR_ENC_709: "709",
    kernel.V4L2_YCBCR_ENC_XV709: "709",
    kernel.V4L2_YCBCR_ENC_BT2020: "2020",
    kernel.V4L2_YCBCR_ENC_BT2020_CONST_LUM: "2020",
    kernel.V4L2_YCBCR_ENC_SMPTE240M: "240M",
}
_ENCODING_OF_COLORSPACE = {
    kernel.V4L2_COLORSPACE_REC709: "709",
    kernel.V4L2_COLORSPACE_DCI_P3: "709",
    kernel.V4L2_COLORSPACE_BT2020: "2020",
    kernel.V4L2_COLORSPACE_SMPTE240M: "240M",
}
TIMESTAMP_MASK, TIMESTAMP_MONOTONIC = kernel.V4L2_BUF_FLAG_TIMESTAMP_MASK, kernel.V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC
FLAG_ERROR = kernel.V4L2_BUF_FLAG_ERROR
NOT_A_FRAME = ~(select.POLLIN | select.POLLPRI)
"""Events of poll(2) that mean that the device is gone."""
UNKNOWN_CALL = (errno.ENOTTY, errno.EINVAL)
"""How drivers say that they do not know a call."""


class UnusableFormat(SourceError):
    """The driver has set a format that framebus cannot read; the text says which."""


class Identity(msgspec.Struct, frozen=True):
    """What a device says of itself."""

    card: str
    driver: str
    captures: bool
    """Whether it streams pictures to programs."""


class PixelFormat(msgspec.Struct, frozen=True):
    """What the driver really gives."""

    fourcc: str
    size: Size
    bytes_per_line: int
    full_range: bool
    encoding: str = "601"
    """Of YCbCr: one of capture.v4l2.raw.WEIGHTS."""


class Filled(msgspec.Struct, frozen=True):
    """A buffer that the driver has handed over; give it back with `enqueue`."""

    index: int
    parts: tuple[tuple[int, int], ...]
    """Where in each plane of the buffer the data begins and ends."""
    bytes_used: int
    """Of all planes."""
    sequence: int
    failed: bool
    """Whether the driver says that the data is bad."""
    dequeued: float
    """CLOCK_MONOTONIC seconds."""
    timestamp: float | None
    """CLOCK_MONOTONIC seconds at which the driver got the frame; None where it has another clock or none."""


class V4l2Device:
    """An open device node. The caller closes it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._maps: list[list[mmap.mmap]] = []
        """For each buffer its planes."""
        self._plane_bytes: list[int] = []
        """How many bytes of each plane of memory are used; empty where it is one."""
        self._streaming = False
        self._queue: planes.Queue = planes.SinglePlanar()
        self._dequeued: Any = None
        self._buffers: list[Any] = []
        """What is passed to the driver for each buffer, made once: making it takes longer than the call."""
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    @property
    def buffer_count(self) -> int:
        """How many buffers the driver gave."""
        return len(self._maps)

    def identity(self) -> Identity:
        """Who it is."""
        capability = self._call(kernel.VIDIOC_QUERYCAP, kernel.v4l2_capability())
        # `capabilities` is the sum of all nodes of the same hardware.
        can = (
            capability.device_caps if capability.capabilities & kernel.V4L2_CAP_DEVICE_CAPS else capability.capabilities
        )
        queue = planes.queue_of(can)
        self._queue = queue or self._queue
        captures = queue is not None and bool(can & kernel.V4L2_CAP_STREAMING)
        return Identity(kernel.arr_to_str(capability.card), kernel.arr_to_str(capability.driver), captures)

    def formats(self) -> list[str]:
        """The fourcc codes that it offers, in its own order."""
        fourccs: list[str] = []
        while len(fourccs) < MAX_FORMATS:
            description = kernel.v4l2_fmtdesc(index=len(fourccs), type=self._queue.type)
            try:
                self._call(kernel.VIDIOC_ENUM_FMT, description)
            except OSError as error:
                if error.errno in UNKNOWN_CALL:
                    break
                raise
            fourccs.append(_fourcc(description.pixelformat))
        return fourccs

    def sizes(self, fourcc: str, wanted: Size) -> list[Size]:
        """The sizes that it offers of a format; of a range, the one that is nearest."""
        return frame_sizes.sizes(self._entry, _code(fourcc), wanted)

    def rates(self, fourcc: str, size: Size) -> list[float]:
        """The rates that it offers of a format and a size, the highest first."""
        return frame_sizes.rates(self._entry, _code(fourcc), size)

    def controls(self) -> list[Native]:
        """What can be set in it."""
        return read(self._call)

    def set_controls(self, natives: list[Native], values: dict[str, Value]) -> None:
        """Set these. Raises ControlError when the driver refuses one."""
        write(self._call, natives, values)

    def set_format(self, fourcc: str, size: Size) -> PixelFormat:
        """Ask for a format and a size; returns what the driver made of it."""
        wanted = kernel.v4l2_format(type=self._queue.type)
        pixels = self._queue.pixels(wanted)
        pixels.width, pixels.height = size.width, size.height
        pixels.pixelformat = _code(fourcc)
        self._call(kernel.VIDIOC_S_FMT, wanted)
        got, size = _fourcc(pixels.pixelformat), Size(pixels.width, pixels.height)
        lines = self._queue.bytes_per_line(wanted)
        self._plane_bytes = []
        split = planes.SPLIT_FORMATS.get(got)
        if split is not None and len(lines) == len(split.lines):
            self._plane_bytes = split.plane_bytes(lines, size.height) or []
        if len(lines) != 1 and not self._plane_bytes:
            raise UnusableFormat(reasons.planes(self._path, got, len(lines)))
        got = got if split is None else split.fourcc
        return PixelFormat(got, size, lines[0], _is_full_range(pixels, got), _encoding(pixels))

    def set_fps(self, fps: float) -> float | None:
        """Ask for a rate; returns what the driver made of it, or None where it does not say."""
        wanted = kernel.v4l2_streamparm(type=self._queue.type)
        period = Fraction(1 / fps).limit_denominator(1_000_000)
        interval = wanted.parm.capture.timeperframe
        interval.numerator, interval.denominator = period.numerator, period.denominator
        try:
            self._call(kernel.VIDIOC_S_PARM, wanted)
        except OSError as error:
            if error.errno in UNKNOWN_CALL:
                return None
            raise
        return interval.denominator / interval.numerator if interval.numerator and interval.denominator else None

    def request_buffers(self, count: int) -> None:
        """Get buffers, fewer or more as the driver likes, map them, and give them all to the driver."""
        request = kernel.v4l2_requestbuffers(count=count, type=self._queue.type, memory=kernel.V4L2_MEMORY_MMAP)
        self._call(kernel.VIDIOC_REQBUFS, request)
        if not request.count:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        self._dequeued = self._queue.buffer(0)
        self._buffers = [self._queue.buffer(index) for index in range(request.count)]
        for index in range(request.count):
            self._maps.append([])
            for length, offset in self._queue.mappings(self._call(kernel.VIDIOC_QUERYBUF, self._queue.buffer(index))):
                if not length:  # mmap would take that for the size of a file
                    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
                mapping = mmap.mmap(self._fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset)
                self._maps[-1].append(mapping)
            self.enqueue(index)

    def start(self) -> None:
        """Begin to stream."""
        self._call(kernel.VIDIOC_STREAMON, c_int(self._queue.type))
        self._streaming = True

    def wait(self, seconds: float) -> bool:
        """Let the time pass until a buffer is filled, for at most the limit; returns whether one is."""
        events = self._poll.poll(math.ceil(seconds * 1000))
        if not events:
            return False
        if events[0][1] & NOT_A_FRAME:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return True

    def dequeue(self) -> Filled | None:
        """The oldest filled buffer, or None."""
        try:
            buffer = self._call(kernel.VIDIOC_DQBUF, self._dequeued)
        except BlockingIOError:
            return None
        now = time.monotonic()
        flags, time_stamp = buffer.flags, buffer.timestamp
        is_monotonic = flags & TIMESTAMP_MASK == TIMESTAMP_MONOTONIC
        stamped = time_stamp.tv_sec + time_stamp.tv_usec / 1_000_000
        timestamp = from_host(stamped)
        parts = self._queue.used(buffer)
        parts = self._cut(parts) if self._plane_bytes else parts[:1]
        bytes_used = 0
        for begin, end in parts:
            bytes_used += end - begin
        return Filled(
            index=buffer.index,
            parts=parts,
            bytes_used=bytes_used,
            sequence=buffer.sequence,
            failed=bool(flags & FLAG_ERROR),
            dequeued=now,
            # uvcvideo's option clock=CLOCK_REALTIME leaves the flag as it is, but not the time: it lies far ahead.
            timestamp=timestamp if is_monotonic and stamped > 0 and timestamp <= now else None,
        )

    def data(self, filled: Filled) -> bytes:
        """A copy of what is in the buffer."""
        mappings, parts = self._maps[filled.index], filled.parts
        if len(parts) == 1:
            begin, end = parts[0]
            return mappings[0][begin:end]
        return b"".join([mapping[begin:end] for mapping, (begin, end) in zip(mappings, parts, strict=False)])

    def enqueue(self, index: int) -> None:
        """Give a buffer to the driver, to be filled."""
        self._call(kernel.VIDIOC_QBUF, self._buffers[index])

    def close(self) -> None:
        """Stop, unmap and close; again does nothing."""
        if self._fd < 0:
            return
        if self._streaming:
            with contextlib.suppress(OSError):  # an unplugged camera cannot be stopped any more
                self._call(kernel.VIDIOC_STREAMOFF, c_int(self._queue.type))
            self._streaming = False
        for mapping in chain(*self._maps):
            mapping.close()
        self._maps.clear()
        os.close(self._fd)
        self._fd = -1

    def _cut(self, used: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        """The data of each plane, without what a driver leaves behind the last line of planes that are put together."""
        planes_and_sizes = zip(used, self._plane_bytes, strict=False)
        return tuple((begin, min(end, begin + size)) for (begin, end), size in planes_and_sizes)

    def _entry(self, request: int, argument: Any) -> bool:
        """Whether a list of the driver's has this entry; one that knows no such list has none."""
        try:
            self._call(request, argument)
        except OSError as error:
            if error.errno in UNKNOWN_CALL:
                return False
            raise
        return True

    def _call(self, request: int, argument: Any) -> Any:
        # The package counts the numbers as signed.
        fcntl.ioctl(self._fd, request & 0xFFFFFFFF, argument, True)
        return argument


def usable_formats(offered: list[str]) -> list[str]:
    """Those of these that we can use, the best first."""
    return [fourcc for fourcc in USABLE_FORMATS if fourcc in offered]


def capture_devices(folder: str = "/dev", also: Iterable[str] = ()) -> list[str]:
    """The cameras among the nodes videoN of this folder and the paths in `also`, by number; each is opened briefly.

    A node that cannot be opened is no camera here; the log says why, at level debug.
    """
    nodes = {str(node) for node in Path(folder).glob("video*") if re.fullmatch(r"video\d+", node.name)} | set(also)
    reasons = {node: _why_no_camera(node) for node in sorted(nodes, key=_number)}
    for reason in filter(None, reasons.values()):
        logger.debug("%s", reason)
    return [node for node, reason in reasons.items() if not reason]


def _why_no_camera(node: str) -> str:
    """Empty for a camera that we can use."""
    try:
        with contextlib.closing(V4l2Device(node)) as device:
            identity = device.identity()
            offered = device.formats()
    except OSError as error:
        return reasons.not_opened(node, error)
    if not identity.captures or identity.driver in NO_CAMERAS:
        return reasons.no_camera(node, identity.card, identity.driver)
    # Compressed video alone is what second nodes of webcams give: such a camera has to be named.
    return "" if usable_formats(offered) else reasons.no_format(node, offered, USABLE_FORMATS)


def _number(node: str) -> tuple[int, str]:
    digits = re.search(r"\d+$", node)
    return (int(digits[0]) if digits else 0, node)


def _is_full_range(pixels: Any, fourcc: str) -> bool:
    """As V4L2_MAP_QUANTIZATION_DEFAULT: RGB has the full range by default, and of YCbCr the colour space JPEG alone."""
    if pixels.quantization == kernel.V4L2_QUANTIZATION_DEFAULT:
        return fourcc in RGB_FORMATS or pixels.colorspace == kernel.V4L2_COLORSPACE_JPEG
    return bool(pixels.quantization == kernel.V4L2_QUANTIZATION_FULL_RANGE)


def _encoding(pixels: Any) -> str:
    """As V4L2_MAP_YCBCR_ENC_DEFAULT, where the driver does not say."""
    default = _ENCODING_OF_COLORSPACE.get(pixels.colorspace, "601")
    return _ENCODINGS.get(pixels.u.ycbcr_enc, default if not pixels.u.ycbcr_enc else "601")


def _fourcc(code: int) -> str:
    """The four letters; bit 31 tells big-endian kinds and is no letter."""
    return (code & 0x7FFFFFFF).to_bytes(4, "little").decode("ascii", "replace").rstrip()


def _code(fourcc: str) -> int:
    return int.from_bytes(fourcc.encode().ljust(4), "little")
