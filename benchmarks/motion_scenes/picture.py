"""What all parts of a scene are made of: light and reflection, on a canvas a little larger than the picture."""

import numpy as np
import numpy.typing as npt

FPS = 5
WIDTH, HEIGHT = 160, 90
"""Pixels: what a decoder gives of 1280x720 at 1/8."""
MARGIN = 8
"""Pixels of the canvas around the picture, so that the camera can shake."""
CANVAS = (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN)
GAMMA = 2.2
LEVELS = 4096

Light = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8]

ROWS, COLUMNS = np.mgrid[0 : CANVAS[0], 0 : CANVAS[1]].astype(np.float32)

_CURVE: Light = (255 * (np.arange(LEVELS) / (LEVELS - 1)) ** (1 / GAMMA)).astype(np.float32)


def sigmoid(values: Light, softness: float) -> Light:
    """From 0 to 1, over about four times the softness."""
    curve: Light = (1 / (1 + np.exp(-np.clip(values / max(softness, 1e-3), -30, 30)))).astype(np.float32)
    return curve


def blurred(values: Light, radius: int) -> Light:
    """The mean of the square around each pixel."""
    for axis in (0, 1):
        padded = np.pad(values, [(radius + 1, radius) if axis == a else (0, 0) for a in (0, 1)], mode="edge")
        sums = np.cumsum(padded, axis=axis, dtype=np.float64)
        upper = np.take(sums, range(2 * radius + 1, sums.shape[axis]), axis)
        lower = np.take(sums, range(sums.shape[axis] - 2 * radius - 1), axis)
        values = np.asarray((upper - lower) / (2 * radius + 1), np.float32)
    return values


def shifted(canvas: Light, right: float, down: float) -> Light:
    """The picture within a canvas, as a camera sees it that has moved by so many pixels."""
    x, y = MARGIN + right, MARGIN + down
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = np.float32(x - left), np.float32(y - top)
    window = canvas[top : top + HEIGHT + 1, left : left + WIDTH + 1]
    rows: Light = window[:-1] * (1 - fy) + window[1:] * fy
    mixed: Light = rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx
    return mixed


def exposed(light: Light, noise: Light, exposure: float) -> Grey:
    """What the camera gives of the light: brightness curve, noise, and whole numbers."""
    linear = np.clip(light * (exposure * (LEVELS - 1)), 0, LEVELS - 1).astype(np.intp)
    grey = np.take(_CURVE, linear) + noise
    whole: Grey = np.clip(grey + 0.5, 0, 255).astype(np.uint8)
    return whole
