"""Where motion counts in a picture, and where a box in it is for who looks at it: after the orientation is applied."""

from collections.abc import Callable, Sequence

import numpy as np

from recorder.motion.arrays import Mask

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in fractions."""

_SHOWN: dict[int, Callable[[float, float], tuple[float, float]]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
"""Where a point of the sensor's picture is shown, by the EXIF orientation (CIPA DC-008, tag 274)."""
_BACK = {6: 8, 8: 6}
"""The orientation that undoes another one; the rest undo themselves."""


def shown(box: Box, orientation: int) -> Box:
    """Return where a box of the sensor's picture is in the picture as it is shown."""
    place = _SHOWN[orientation]
    (x0, y0), (x1, y1) = place(box[0], box[1]), place(box[2], box[3])
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def sensed(box: Box, orientation: int) -> Box:
    """Return where a box of the picture as it is shown is in the sensor's picture."""
    return shown(box, _BACK.get(orientation, orientation))


def counting(
    shape: tuple[int, int], orientation: int, zones: Sequence[Sequence[float]], ignored: Sequence[Sequence[float]]
) -> Mask:
    """Return which pixels count.

    Args:
        shape: height and width of the sensor's picture, in pixels.
        orientation: EXIF's, 1 to 8.
        zones: boxes of the picture as it is shown, in which motion counts; none for everywhere.
        ignored: boxes in which it does not.
    """
    counts = np.full(shape, not zones, np.bool_)
    for boxes, value in ((zones, True), (ignored, False)):
        for left, top, right, bottom in boxes:
            _fill(counts, sensed((left, top, right, bottom), orientation), value)
    return counts


def _fill(counts: Mask, box: Box, value: bool) -> None:
    height, width = counts.shape
    left, right = round(box[0] * width), round(box[2] * width)
    top, bottom = round(box[1] * height), round(box[3] * height)
    counts[top : max(bottom, top + 1), left : max(right, left + 1)] = value
