"""The things in a picture: areas of pixels that differ from the background, and touch each other."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recorder.motion.arrays import Mask, Values
from recorder.motion.background import Background

CELL_PIXELS = 4
"""Areas are found in cells of so many pixels: things a cell apart count as one."""
NEIGHBOURS = 3
"""Pixels of the nine around a pixel that must differ as well, so that single ones, as of noise, do not count."""
LEAST_IN_CELL = 2
CORE = (0.2, 0.8)
"""Shares of the pixels of a thing, counted from a side, between which its core is."""
NOISE_STEPS = 2.4
"""The fourth largest of some hundred steps between neighbours, in mean differences, of noise as `smooth` leaves it."""
MAX_BLOBS = 60
"""More of them are no things, but weather."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A thing in one picture. Lengths are in pixels."""

    x: float
    y: float
    left: int
    top: int
    right: int
    bottom: int
    core: tuple[float, float, float, float]
    """Left, right, top and bottom of what is left without a fifth of its pixels on each side: a shadow or a fly at its
    edge moves the box around it, and not this."""
    pixels: int
    sharpness: float
    """How steep its edge is: 0.33 where the difference is reached within a pixel, near 0 where it is blurred."""
    texture: float
    """How much the background is seen in it, 0 to 1: much in a shadow or a light, little in a thing."""

    @property
    def width(self) -> int:
        """Of the box around it."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Of the box around it."""
        return self.bottom - self.top

    @property
    def fill(self) -> float:
        """How much of its core differs; more than 1 where the pixels outside of it are fewer than usual."""
        left, right, top, bottom = self.core
        return self.pixels * (CORE[1] - CORE[0]) ** 2 / max(1.0, (right - left) * (bottom - top))

    @property
    def is_upright(self) -> bool:
        """Whether it is at least as tall as it is wide, as people are."""
        left, right, top, bottom = self.core
        return bottom - top >= right - left


def dense(differs: Mask) -> Mask:
    """The pixels of which enough neighbours differ as well."""
    values = differs.view(np.uint8)
    across = values.copy()
    across[:, 1:] += values[:, :-1]
    across[:, :-1] += values[:, 1:]
    around = across.copy()
    around[1:] += across[:-1]
    around[:-1] += across[1:]
    found: Mask = (around > NEIGHBOURS) & differs
    return found


def blobs(mask: Mask, seen: Background, least_pixels: float) -> list[Blob]:
    """Find the things.

    Args:
        mask: the pixels that differ.
        seen: the picture and its background.
        least_pixels: of the smallest thing that counts.

    Returns:
        The largest first, MAX_BLOBS at most.
    """
    rows, columns = mask.shape
    bands = np.add.reduceat(mask.view(np.uint8), range(0, rows, CELL_PIXELS), axis=0, dtype=np.uint16)
    cells = np.add.reduceat(bands, range(0, columns, CELL_PIXELS), axis=1)
    active = {(int(row), int(column)) for row, column in np.argwhere(cells >= LEAST_IN_CELL)}
    found = []
    while active:
        group = _connected(active)
        pixels = sum(int(cells[cell]) for cell in group)
        if pixels >= least_pixels:
            found.append(_blob(group, mask, seen))
    found.sort(key=lambda blob: -blob.pixels)
    return found[:MAX_BLOBS]


def _connected(active: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take a cell and all that touch it out of a set."""
    group = [active.pop()]
    for row, column in group:
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                cell = (row + down, column + right)
                if cell in active:
                    active.remove(cell)
                    group.append(cell)
    return group


def _blob(group: list[tuple[int, int]], mask: Mask, seen: Background) -> Blob:
    top, left = min(row for row, _ in group) * CELL_PIXELS, min(column for _, column in group) * CELL_PIXELS
    bottom = (max(row for row, _ in group) + 1) * CELL_PIXELS
    right = (max(column for _, column in group) + 1) * CELL_PIXELS
    part = mask[top:bottom, left:right]
    ys, xs = np.nonzero(part)
    y, x = float(ys.mean()), float(xs.mean())
    box = int(ys.min()), int(ys.max()) + 1, int(xs.min()), int(xs.max()) + 1
    around = slice(max(0, top - 2), bottom + 2), slice(max(0, left - 2), right + 2)
    return Blob(
        x=left + x,
        y=top + y,
        left=left + box[2],
        top=top + box[0],
        right=left + box[3],
        bottom=top + box[1],
        core=(*_core(np.bincount(xs), left), *_core(np.bincount(ys), top)),
        pixels=len(ys),
        sharpness=_sharpness(seen.picture[around], seen.expected[around], float(seen.usual[around].mean())),
        texture=_texture(seen.picture[top:bottom, left:right], seen.expected[top:bottom, left:right], part),
    )


def _core(counts: npt.NDArray[np.intp], offset: int) -> tuple[float, float]:
    """Where a thing has CORE of its pixels, of which so many are in each row or column."""
    sums = np.cumsum(counts)
    low, high = np.interp([share * sums[-1] for share in CORE], sums, np.arange(1, len(sums) + 1))
    return offset + float(low), offset + float(high)


def _sharpness(picture: Values, expected: Values, noise: float) -> float:
    """The steepest steps, without those of the background and of the noise, in relation to the strongest differences.

    What is blurred lets the steps of the background through, or hides them, and adds none.
    """
    strong = float(np.partition(np.abs(picture - expected).ravel(), -4)[-4])
    over = np.abs(np.concatenate([_over(picture, expected, 0).ravel(), _over(picture, expected, 1).ravel()]))
    steep = float(np.partition(over, -4)[-4])
    return math.sqrt(max(0.0, steep**2 - (NOISE_STEPS * noise) ** 2)) / max(strong, 1e-3)


def _over(picture: Values, expected: Values, axis: int) -> Values:
    """By how much each step exceeds those of the background around it."""
    steps = np.abs(np.diff(picture, axis=axis))
    known = np.abs(np.diff(expected, axis=axis))
    across = known.copy()
    np.maximum(across[:, 1:], known[:, :-1], out=across[:, 1:])
    np.maximum(across[:, :-1], known[:, 1:], out=across[:, :-1])
    most = across.copy()
    np.maximum(most[1:], across[:-1], out=most[1:])
    np.maximum(most[:-1], across[1:], out=most[:-1])
    over: Values = np.maximum(steps - most, 0)
    return over


def _texture(picture: Values, expected: Values, mask: Mask) -> float:
    """How much of the steps from pixel to pixel, inside the thing, is as in the background."""
    inside = _inside(mask)
    product = here = there = 0.0
    for axis in (0, 1):
        pairs = (inside[1:] & inside[:-1]) if axis == 0 else (inside[:, 1:] & inside[:, :-1])
        seen, usual = np.diff(picture, axis=axis)[pairs], np.diff(expected, axis=axis)[pairs]
        product += float(seen @ usual)
        here += float(seen @ seen)
        there += float(usual @ usual)
    return product / max(here, there) if product > 0 else 0.0


def _inside(mask: Mask) -> Mask:
    """Without the pixels at the edge, in which `smooth` has mixed the thing with what is around it."""
    inside = mask.copy()
    inside[1:] &= mask[:-1]
    inside[:-1] &= mask[1:]
    inside[:, 1:] &= mask[:, :-1]
    inside[:, :-1] &= mask[:, 1:]
    return inside
