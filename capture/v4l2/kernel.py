"""What capture uses of linux/videodev2.h and linux/v4l2-controls.h, by the names that it has there.

The package `videodev2` has all of both: that takes 2 MB in the process of each camera. A test compares what is here
with it.
"""

from ctypes import (
    POINTER,
    Array,
    Structure,
    Union,
    c_int,
    c_int32,
    c_int64,
    c_long,
    c_uint8,
    c_uint16,
    c_uint32,
    c_ulong,
    c_void_p,
    sizeof,
)
from typing import Any

VIDEO_MAX_PLANES = 8

V4L2_CAP_VIDEO_CAPTURE = 0x00000001
V4L2_CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
V4L2_CAP_STREAMING = 0x04000000
V4L2_CAP_DEVICE_CAPS = 0x80000000

V4L2_BUF_TYPE_VIDEO_CAPTURE = 1
V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE = 9
V4L2_MEMORY_MMAP = 1
V4L2_BUF_FLAG_ERROR = 0x00000040
V4L2_BUF_FLAG_TIMESTAMP_MASK = 0x0000E000
V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC = 0x00002000

V4L2_COLORSPACE_SMPTE240M = 2
V4L2_COLORSPACE_REC709 = 3
V4L2_COLORSPACE_JPEG = 7
V4L2_COLORSPACE_BT2020 = 10
V4L2_COLORSPACE_DCI_P3 = 12
V4L2_YCBCR_ENC_709 = 2
V4L2_YCBCR_ENC_XV709 = 4
V4L2_YCBCR_ENC_BT2020 = 6
V4L2_YCBCR_ENC_BT2020_CONST_LUM = 7
V4L2_YCBCR_ENC_SMPTE240M = 8
V4L2_QUANTIZATION_DEFAULT = 0
V4L2_QUANTIZATION_FULL_RANGE = 1

V4L2_CTRL_TYPE_INTEGER = 1
V4L2_CTRL_TYPE_BOOLEAN = 2
V4L2_CTRL_TYPE_MENU = 3
V4L2_CTRL_TYPE_INTEGER_MENU = 9
V4L2_CTRL_FLAG_DISABLED = 0x0001
V4L2_CTRL_FLAG_READ_ONLY = 0x0004
V4L2_CTRL_FLAG_INACTIVE = 0x0010
V4L2_CTRL_FLAG_WRITE_ONLY = 0x0040
V4L2_CTRL_FLAG_NEXT_CTRL = 0x80000000

V4L2_CID_BASE = 0x00980900
V4L2_CID_BRIGHTNESS = V4L2_CID_BASE + 0
V4L2_CID_CONTRAST = V4L2_CID_BASE + 1
V4L2_CID_SATURATION = V4L2_CID_BASE + 2
V4L2_CID_AUTO_WHITE_BALANCE = V4L2_CID_BASE + 12
V4L2_CID_GAIN = V4L2_CID_BASE + 19
V4L2_CID_WHITE_BALANCE_TEMPERATURE = V4L2_CID_BASE + 26
V4L2_CID_SHARPNESS = V4L2_CID_BASE + 27
V4L2_CID_CAMERA_CLASS_BASE = 0x009A0900
V4L2_CID_EXPOSURE_AUTO = V4L2_CID_CAMERA_CLASS_BASE + 1
V4L2_CID_EXPOSURE_ABSOLUTE = V4L2_CID_CAMERA_CLASS_BASE + 2
V4L2_CID_FOCUS_ABSOLUTE = V4L2_CID_CAMERA_CLASS_BASE + 10
V4L2_CID_FOCUS_AUTO = V4L2_CID_CAMERA_CLASS_BASE + 12


class v4l2_capability(Structure):
    """Who a device is, and what it can do."""

    _fields_ = (
        ("driver", c_uint8 * 16),
        ("card", c_uint8 * 32),
        ("bus_info", c_uint8 * 32),
        ("version", c_uint32),
        ("capabilities", c_uint32),
        ("device_caps", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class v4l2_fmtdesc(Structure):
    """A format in the list of a device."""

    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("flags", c_uint32),
        ("description", c_uint8 * 32),
        ("pixelformat", c_uint32),
        ("mbus_code", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class v4l2_frmsize_discrete(Structure):
    """One size."""

    _fields_ = (("width", c_uint32), ("height", c_uint32))


class v4l2_frmsize_stepwise(Structure):
    """A range of sizes."""

    _fields_ = (
        ("min_width", c_uint32),
        ("max_width", c_uint32),
        ("step_width", c_uint32),
        ("min_height", c_uint32),
        ("max_height", c_uint32),
        ("step_height", c_uint32),
    )


class v4l2_fract(Structure):
    """A period of time, in seconds."""

    _fields_ = (("numerator", c_uint32), ("denominator", c_uint32))


class v4l2_frmival_stepwise(Structure):
    """A range of periods."""

    _fields_ = (("min", v4l2_fract), ("max", v4l2_fract), ("step", v4l2_fract))


class v4l2_pix_format(Structure):
    """A format of one plane."""

    _fields_ = (
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("bytesperline", c_uint32),
        ("sizeimage", c_uint32),
        ("colorspace", c_uint32),
        ("priv", c_uint32),
        ("flags", c_uint32),
        ("ycbcr_enc", c_uint32),
        ("quantization", c_uint32),
        ("xfer_func", c_uint32),
    )


class v4l2_plane_pix_format(Structure):
    """A plane of a format of several."""

    _pack_ = 1
    _fields_ = (("sizeimage", c_uint32), ("bytesperline", c_uint32), ("reserved", c_uint16 * 6))


class v4l2_pix_format_mplane(Structure):
    """A format of several planes."""

    _pack_ = 1
    _fields_ = (
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("colorspace", c_uint32),
        ("plane_fmt", v4l2_plane_pix_format * VIDEO_MAX_PLANES),
        ("num_planes", c_uint8),
        ("flags", c_uint8),
        ("ycbcr_enc", c_uint8),
        ("quantization", c_uint8),
        ("xfer_func", c_uint8),
        ("reserved", c_uint8 * 7),
    )


class _Format(Union):
    _fields_ = (
        ("pix", v4l2_pix_format),
        ("pix_mp", v4l2_pix_format_mplane),
        ("window", c_void_p),  # struct v4l2_window begins otherwise; its pointers align the union
        ("raw_data", c_uint8 * 200),
    )


class v4l2_format(Structure):
    """A format of a queue."""

    _fields_ = (("type", c_uint32), ("fmt", _Format))


class v4l2_captureparm(Structure):
    """How a queue captures."""

    _fields_ = (
        ("capability", c_uint32),
        ("capturemode", c_uint32),
        ("timeperframe", v4l2_fract),
        ("extendedmode", c_uint32),
        ("readbuffers", c_uint32),
        ("reserved", c_uint32 * 4),
    )


class _Parameters(Union):
    _fields_ = (("capture", v4l2_captureparm), ("raw_data", c_uint8 * 200))


class v4l2_streamparm(Structure):
    """The rate of a queue."""

    _fields_ = (("type", c_uint32), ("parm", _Parameters))


class v4l2_requestbuffers(Structure):
    """How many buffers a queue has."""

    _fields_ = (
        ("count", c_uint32),
        ("type", c_uint32),
        ("memory", c_uint32),
        ("capabilities", c_uint32),
        ("flags", c_uint8),
        ("reserved", c_uint8 * 3),
    )


class timeval(Structure):
    """Seconds and microseconds."""

    _fields_ = (("tv_sec", c_long), ("tv_usec", c_long))


class v4l2_timecode(Structure):
    """A time code of a recorded video."""

    _fields_ = (
        ("type", c_uint32),
        ("flags", c_uint32),
        ("frames", c_uint8),
        ("seconds", c_uint8),
        ("minutes", c_uint8),
        ("hours", c_uint8),
        ("userbits", c_uint8 * 4),
    )


class _PlaneMemory(Union):
    _fields_ = (("mem_offset", c_uint32), ("userptr", c_ulong), ("fd", c_int32))


class v4l2_plane(Structure):
    """A plane of a buffer; that of the package is 4 bytes short on 64-bit machines."""

    _fields_ = (
        ("bytesused", c_uint32),
        ("length", c_uint32),
        ("m", _PlaneMemory),
        ("data_offset", c_uint32),
        ("reserved", c_uint32 * 11),
    )


class _BufferMemory(Union):
    _fields_ = (("offset", c_uint32), ("userptr", c_ulong), ("planes", POINTER(v4l2_plane)), ("fd", c_int32))


class v4l2_buffer(Structure):
    """A buffer of a queue."""

    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("bytesused", c_uint32),
        ("flags", c_uint32),
        ("field", c_uint32),
        ("timestamp", timeval),
        ("timecode", v4l2_timecode),
        ("sequence", c_uint32),
        ("memory", c_uint32),
        ("m", _BufferMemory),
        ("length", c_uint32),
        ("reserved2", c_uint32),
        ("request_fd", c_int32),
    )


class v4l2_control(Structure):
    """The value of a control."""

    _fields_ = (("id", c_uint32), ("value", c_int32))


class v4l2_queryctrl(Structure):
    """A control of a device."""

    _fields_ = (
        ("id", c_uint32),
        ("type", c_uint32),
        ("name", c_uint8 * 32),
        ("minimum", c_int32),
        ("maximum", c_int32),
        ("step", c_int32),
        ("default_value", c_int32),
        ("flags", c_uint32),
        ("reserved", c_uint32 * 2),
    )


class _MenuItem(Union):
    _pack_ = 1
    _fields_ = (("name", c_uint8 * 32), ("value", c_int64))


class v4l2_querymenu(Structure):
    """An item of a control that is a menu."""

    _pack_ = 1
    _anonymous_ = ("item",)
    _fields_ = (("id", c_uint32), ("index", c_uint32), ("item", _MenuItem), ("reserved", c_uint32))


_WRITE, _READ = 1, 2
"""_IOC_WRITE and _IOC_READ of asm-generic/ioctl.h."""


def _call(direction: int, number: int, argument: type[Any]) -> int:
    """The number of a call, as the macros of asm-generic/ioctl.h make it."""
    return direction << 30 | sizeof(argument) << 16 | ord("V") << 8 | number


VIDIOC_QUERYCAP = _call(_READ, 0, v4l2_capability)
VIDIOC_ENUM_FMT = _call(_READ | _WRITE, 2, v4l2_fmtdesc)
VIDIOC_S_FMT = _call(_READ | _WRITE, 5, v4l2_format)
VIDIOC_REQBUFS = _call(_READ | _WRITE, 8, v4l2_requestbuffers)
VIDIOC_QUERYBUF = _call(_READ | _WRITE, 9, v4l2_buffer)
VIDIOC_QBUF = _call(_READ | _WRITE, 15, v4l2_buffer)
VIDIOC_DQBUF = _call(_READ | _WRITE, 17, v4l2_buffer)
VIDIOC_STREAMON = _call(_WRITE, 18, c_int)
VIDIOC_STREAMOFF = _call(_WRITE, 19, c_int)
VIDIOC_S_PARM = _call(_READ | _WRITE, 22, v4l2_streamparm)
VIDIOC_G_CTRL = _call(_READ | _WRITE, 27, v4l2_control)
VIDIOC_S_CTRL = _call(_READ | _WRITE, 28, v4l2_control)
VIDIOC_QUERYCTRL = _call(_READ | _WRITE, 36, v4l2_queryctrl)
VIDIOC_QUERYMENU = _call(_READ | _WRITE, 37, v4l2_querymenu)


def arr_to_str(letters: "Array[c_uint8]") -> str:
    """The text of an array of the kernel's, up to its NUL."""
    return bytes(letters).partition(b"\0")[0].decode(errors="ignore")
