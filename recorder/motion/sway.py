"""By what part of a pixel the camera has moved: pole, wall and wind make it sway, and each edge would differ then."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recorder.motion.arrays import Values

LEAST_EDGES = 50
"""Pixels at edges, that tell of it."""
ROUNDS = 3
"""In each, what does not fit, as it is something that moves itself, counts for less."""
LEAST_DIFFERENCE = 1.0
"""Grey levels, of the middle one of the edges: below it, the camera is still."""
LEAST_DETERMINANT = 1e-3
"""Below it, all edges have one direction, as those of a fence."""
MOST_PIXELS = 1.0
LEAST_PIXELS = 0.05
"""Less is noise."""
EXPLAINS = 0.8
"""It counts where less than this share of the difference at the edges is left."""


def inner(edges: npt.NDArray[np.intp], shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Those of some pixels that have neighbours on all sides."""
    row, column = np.divmod(edges, shape[1])
    return edges[(row > 0) & (row < shape[0] - 1) & (column > 0) & (column < shape[1] - 1)]


def sway(residual: Values, expected: Values, edges: npt.NDArray[np.intp]) -> tuple[float, float]:
    """By how many rows and columns the picture is shifted; (0, 0) where that explains little.

    Args:
        residual: how much brighter the picture is than expected.
        expected: the picture without anything in front of the background.
        edges: the numbers of pixels at edges of the background, each with neighbours on all sides.
    """
    seen = np.take(residual, edges)
    if len(edges) < LEAST_EDGES or (before := median(np.abs(seen))) < LEAST_DIFFERENCE:
        return 0.0, 0.0
    columns = expected.shape[1]
    down = (np.take(expected, edges + columns) - np.take(expected, edges - columns)) * np.float32(0.5)
    right = (np.take(expected, edges + 1) - np.take(expected, edges - 1)) * np.float32(0.5)
    left, after = seen, before
    by_rows = by_columns = 0.0
    for _ in range(ROUNDS):
        weight = 1 / (1 + np.square(left / np.float32(after + 1)))
        heavy_down, heavy_right = weight * down, weight * right
        dd, rr, dr = float(heavy_down @ down), float(heavy_right @ right), float(heavy_down @ right)
        d, r = float(heavy_down @ seen), float(heavy_right @ seen)
        determinant = dd * rr - dr * dr
        if determinant <= LEAST_DETERMINANT * dd * rr:
            return 0.0, 0.0
        by_rows, by_columns = -(rr * d - dr * r) / determinant, -(dd * r - dr * d) / determinant
        left = seen + down * np.float32(by_rows) + right * np.float32(by_columns)
        after = median(np.abs(left))
    most = max(abs(by_rows), abs(by_columns))
    if not LEAST_PIXELS <= most <= MOST_PIXELS:
        return 0.0, 0.0
    return (by_rows, by_columns) if after < EXPLAINS * before else (0.0, 0.0)


def median(values: npt.NDArray[np.floating[Any]]) -> float:
    """The middle one, much faster than numpy's for a few hundred."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def swayed(picture: Values, by: tuple[float, float]) -> Values:
    """A picture, shifted by so many rows and columns, each less than one."""
    for axis, part in enumerate(by):
        picture = np.swapaxes(picture, 0, axis)
        other = picture.copy()
        if part >= 0:
            other[1:] = picture[:-1]
        else:
            other[:-1] = picture[1:]
        picture = np.swapaxes(picture + (other - picture) * np.float32(abs(part)), 0, axis)
    return np.ascontiguousarray(picture)
