"""The sizes and rates that a driver offers for a format, and the nearest to the configured ones.

Pure, but for the calls that it is given. The two structures are those of linux/videodev2.h; the package `videodev2`
leaves them out.
"""

import math
from collections.abc import Callable
from ctypes import Structure, Union, c_uint32, sizeof
from typing import Any

import msgspec
import videodev2 as kernel

from framebus.config.size import Size

MAX_OFFERS = 256
"""A driver that lists more than these is not believed."""
_READ_AND_WRITE = 3
"""_IOC_READ | _IOC_WRITE (asm-generic/ioctl.h)."""
_DISCRETE = 1
"""V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE."""


class _Sizes(Union):
    _fields_ = (("discrete", kernel.v4l2_frmsize_discrete), ("stepwise", kernel.v4l2_frmsize_stepwise))


class FrameSize(Structure):
    """struct v4l2_frmsizeenum."""

    _anonymous_ = ("sizes",)
    _fields_ = (
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("type", c_uint32),
        ("sizes", _Sizes),
        ("reserved", c_uint32 * 2),
    )


class _Periods(Union):
    _fields_ = (("discrete", kernel.v4l2_fract), ("stepwise", kernel.v4l2_frmival_stepwise))


class FramePeriod(Structure):
    """struct v4l2_frmivalenum."""

    _anonymous_ = ("periods",)
    _fields_ = (
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("type", c_uint32),
        ("periods", _Periods),
        ("reserved", c_uint32 * 2),
    )


ENUM_FRAMESIZES = _READ_AND_WRITE << 30 | sizeof(FrameSize) << 16 | ord("V") << 8 | 74
ENUM_FRAMEINTERVALS = _READ_AND_WRITE << 30 | sizeof(FramePeriod) << 16 | ord("V") << 8 | 75
"""_IOWR('V', 74 and 75, …)."""

Ask = Callable[[int, Any], bool]
"""Make a call of the driver; returns whether there is such an entry."""


def sizes(ask: Ask, pixel_format: int, wanted: Size) -> list[Size]:
    """The sizes of a format; of a range, the one in it that is nearest. Empty where the driver does not say."""
    offered: list[Size] = []
    for index in range(MAX_OFFERS):
        entry = FrameSize(index=index, pixel_format=pixel_format)
        if not ask(ENUM_FRAMESIZES, entry):
            break
        if entry.type != _DISCRETE:
            size = _within(entry.stepwise, wanted)
            return [size] if size.width > 0 and size.height > 0 else []
        if entry.discrete.width and entry.discrete.height:  # some drivers list sizes that they do not have
            offered.append(Size(entry.discrete.width, entry.discrete.height))
    return offered


def rates(ask: Ask, pixel_format: int, size: Size) -> list[float]:
    """The rates of a format and a size, in frames a second, the highest first; of a range, its two ends."""
    offered: list[float] = []
    for index in range(MAX_OFFERS):
        entry = FramePeriod(index=index, pixel_format=pixel_format, width=size.width, height=size.height)
        if not ask(ENUM_FRAMEINTERVALS, entry):
            break
        ranged = entry.type != _DISCRETE
        periods = [entry.stepwise.min, entry.stepwise.max] if ranged else [entry.discrete]
        offered += [
            period.denominator / period.numerator for period in periods if period.numerator and period.denominator
        ]
        if ranged:
            break
    return sorted(offered, reverse=True)


class Offer(msgspec.Struct, frozen=True):
    """A format, the size of it that is nearest to the wanted one, and the highest rate of that; 0 where unknown."""

    fourcc: str
    size: Size
    most_fps: float


def best(offers: list[Offer], size: Size, fps: float) -> Offer:
    """The first that has the wanted size at half the wanted rate or more, else the nearest size.

    `offers`, one or more, come in the order in which they are liked: of two that are as near, the first one.
    """
    for offer in offers:
        if offer.size == size and (not offer.most_fps or offer.most_fps >= fps / 2):
            return offer
    return min(offers, key=lambda offer: distance(offer.size, size))


def distance(size: Size, wanted: Size) -> float:
    """How unlike two sizes are: twice as wide is as far away as half as wide."""
    return abs(math.log(size.width / wanted.width)) + abs(math.log(size.height / wanted.height))


def nearest(offered: list[Size], wanted: Size) -> Size:
    """The size nearest to the wanted one; that one itself where the driver has not said what it has."""
    return min(offered, key=lambda size: distance(size, wanted), default=wanted)


def _within(steps: Any, wanted: Size) -> Size:
    return Size(
        _stepped(wanted.width, steps.min_width, steps.max_width, steps.step_width),
        _stepped(wanted.height, steps.min_height, steps.max_height, steps.step_height),
    )


def _stepped(wanted: int, least: int, most: int, step: int) -> int:
    clamped = min(max(wanted, least), most)
    return least + (clamped - least) // max(1, step) * max(1, step)
