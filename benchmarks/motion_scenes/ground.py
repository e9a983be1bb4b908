"""What a scene looks like when nothing happens: ground, walls, windows, a fence, and the texture on all of them."""

import numpy as np

from benchmarks.motion_scenes.picture import CANVAS, COLUMNS, ROWS, Light, blurred


def ground(rng: np.random.Generator) -> Light:
    """How much light each pixel reflects, 0.04 to 0.95."""
    horizon = rng.uniform(0.15, 0.5) * CANVAS[0]
    scene = np.where(horizon > ROWS, rng.uniform(0.3, 0.8), rng.uniform(0.12, 0.4)).astype(np.float32)
    for _ in range(rng.integers(3, 9)):
        _wall(scene, rng, horizon)
    if rng.random() < 0.5:
        _fence(scene, rng)
    for size, strength in ((1, 0.10), (2, 0.15), (5, 0.25)):
        texture = blurred(rng.standard_normal(CANVAS).astype(np.float32), size) * (2 * size + 1)
        scene *= np.exp(texture * (strength * rng.uniform(0.2, 1.0)))
    return np.clip(scene, 0.04, 0.95)


def _wall(scene: Light, rng: np.random.Generator, horizon: float) -> None:
    """A house, a car, a bush: a box that stands below the horizon, some with windows."""
    width, height = rng.integers(8, 60), rng.integers(8, 45)
    left = rng.integers(0, CANVAS[1] - width)
    bottom = int(np.clip(horizon + rng.uniform(-5, 25), height, CANVAS[0]))
    box = scene[bottom - height : bottom, left : left + width]
    box[...] = rng.uniform(0.08, 0.8)
    for _ in range(rng.integers(0, 5)):
        if width > 14 and height > 14:
            x, y = rng.integers(2, width - 8), rng.integers(2, height - 8)
            box[y : y + rng.integers(3, 8), x : x + rng.integers(3, 7)] = rng.uniform(0.05, 0.9)


def _fence(scene: Light, rng: np.random.Generator) -> None:
    """Narrow poles, which show every shake of the camera."""
    top = rng.integers(CANVAS[0] // 3, CANVAS[0] - 25)
    poles = (COLUMNS[0] % rng.integers(4, 9)) < rng.integers(1, 3)
    scene[top : top + rng.integers(8, 22), poles] = rng.uniform(0.05, 0.9)
