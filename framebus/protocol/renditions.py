"""The smaller frames of a camera: which there are, how large each is, and which one suffices for a width. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Rendition = Literal["half", "quarter"]
RENDITIONS: tuple[Rendition, ...] = get_args(Rendition)
DIVISORS: Mapping[Rendition, int] = MappingProxyType({"half": 2, "quarter": 4})
"""By what the camera's width and height are divided. The result is rounded up, as libjpeg does at reduced scale."""
SIDEWAYS = 5
"""From this EXIF orientation on, a viewer turns the frame by 90 degrees: its height is the width that is seen."""


def rendition_size(width: int, height: int, rendition: Rendition) -> tuple[int, int]:
    """The width and height of a rendition.

    Args:
        width: of the camera's frame, in pixels.
        height: of the camera's frame, in pixels.
        rendition: which one.
    """
    divisor = DIVISORS[rendition]
    return -(-width // divisor), -(-height // divisor)


def smallest_rendition(wanted_width: float, width: int, height: int, orientation: int = 1) -> Rendition | None:
    """The smallest rendition that is at least as wide as wanted; None where only the camera's own frame is.

    Args:
        wanted_width: pixels, as the picture is seen.
        width: of the camera's frame, in pixels, before the orientation is applied.
        height: of the camera's frame, in pixels, before the orientation is applied.
        orientation: EXIF's, 1 to 8.
    """
    for rendition in reversed(RENDITIONS):
        small = rendition_size(width, height, rendition)
        if small[orientation >= SIDEWAYS] >= wanted_width:
            return rendition
    return None
