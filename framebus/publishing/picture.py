"""A picture before it is a frame."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from PIL import Image


class Picture(msgspec.Struct, frozen=True):
    """One JPEG as a source hands it over, not yet checked."""

    jpeg: bytes
    captured: float
    """Unix seconds at which the sensor took it, or the nearest moment that is known."""
    monotonic: float
    """CLOCK_MONOTONIC seconds of the same moment, as this process reads that clock."""
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    scaled: "Callable[[int], Image.Image] | None" = None
    """Makes the picture smaller from the pixels that the JPEG was made from, where the source has them.

    Its argument is the divisor of width and height, 2 or 4. Another thread calls it, at any time; it holds the pixels.
    """
