"""What goes on in a scene for minutes and is no motion: wind in a tree, a shaking camera, clouds, rain, snow."""

from typing import Protocol

import numpy as np

from benchmarks.motion_scenes.picture import CANVAS, COLUMNS, FPS, ROWS, Light, blurred, sigmoid


class Weather(Protocol):
    """A part of a scene. Each draws into what the parts before it have made."""

    def draw(self, scene: Light, light: Light, frame: int) -> None:
        """Change what the scene reflects, and the light that falls on it."""


class Gusts:
    """Wind: a value that swings, in gusts and pauses."""

    def __init__(self, rng: np.random.Generator, strength: float, frames: int) -> None:
        """`strength` is the largest swing; it is reached in a gust."""
        seconds = np.arange(frames) / FPS
        swing = sum(
            np.sin(2 * np.pi * (seconds * rng.uniform(0.25, 1.6) + rng.random())) * weight for weight in (0.5, 0.3, 0.2)
        )
        calm = rng.standard_normal(frames // (4 * FPS) + 2)
        gust = np.clip(np.interp(seconds / 4, np.arange(len(calm)), calm) * 0.5 + 0.4, 0.05, 1)
        self.values = (strength * swing * gust).astype(np.float32)


class Tree:
    """A tree whose parts swing by several pixels, each a little later than the one before."""

    def __init__(self, rng: np.random.Generator, strength: float, frames: int) -> None:
        width, height = rng.uniform(10, 24), rng.uniform(12, 26)
        x, y = rng.uniform(0.1, 0.9) * CANVAS[1], rng.uniform(0.15, 0.55) * CANVAS[0]
        distance = np.hypot((COLUMNS - x) / width, (ROWS - y) / height) - 1
        ragged = blurred(rng.standard_normal(CANVAS).astype(np.float32), 1) * 3
        self._crown = sigmoid(-(distance * 8 + ragged * 1.5), 0.5)
        self._leaves = np.clip(0.2 + 0.12 * ragged, 0.03, 0.6) * rng.uniform(0.5, 1.6)
        self._gusts = Gusts(rng, strength, frames + 20).values
        self._delay = np.linspace(0, 6, CANVAS[0])
        self._columns = np.arange(CANVAS[1])

    def draw(self, scene: Light, light: Light, frame: int) -> None:
        """Move each row of the crown by the wind of its moment."""
        when = frame + 10 - self._delay
        swing = np.interp(when, np.arange(len(self._gusts)), self._gusts)
        source = np.clip(self._columns[None, :] - swing[:, None], 0, CANVAS[1] - 1.001)
        left = source.astype(np.intp)
        part = (source - left).astype(np.float32)
        crown = _mixed(self._crown, left, part)
        scene += crown * (_mixed(self._leaves, left, part) - scene)


def _mixed(values: Light, left: "np.typing.NDArray[np.intp]", part: Light) -> Light:
    here = np.take_along_axis(values, left, 1)
    mixed: Light = here + (np.take_along_axis(values, left + 1, 1) - here) * part
    return mixed


class Rain:
    """Streaks that are somewhere else in each frame."""

    def __init__(self, rng: np.random.Generator, streaks: int) -> None:
        self._rng = rng
        self._streaks = streaks
        self._slant = rng.uniform(-0.3, 0.3)

    def draw(self, scene: Light, light: Light, frame: int) -> None:
        """Put streaks of light over the scene."""
        rng = self._rng
        for _ in range(rng.poisson(self._streaks)):
            length = int(rng.integers(3, 14))
            x, y = rng.uniform(0, CANVAS[1] - 1), int(rng.integers(0, CANVAS[0] - length))
            rows = np.arange(y, y + length)
            columns = np.clip(x + self._slant * (rows - y), 0, CANVAS[1] - 1).astype(np.intp)
            near = rng.uniform(0.04, 0.35)
            scene[rows, columns] += near * (0.7 - scene[rows, columns])


class Snow:
    """Flakes that fall through the picture; those near the lens are large and out of focus."""

    def __init__(self, rng: np.random.Generator, flakes: int, brightness: float) -> None:
        self._rng = rng
        self._brightness = brightness
        self._x = rng.uniform(0, CANVAS[1], flakes)
        self._y = rng.uniform(0, CANVAS[0], flakes)
        near = rng.beta(1, 5, flakes)
        self._radius = 0.5 + 3.5 * near
        self._fall = 3 + 25 * near
        """Pixels a frame."""
        self._drift = rng.normal(0, 1.5)

    def draw(self, scene: Light, light: Light, frame: int) -> None:
        """Let all flakes fall by one frame."""
        self._y += self._fall
        self._x += self._drift + self._rng.normal(0, 0.6, len(self._x))
        gone = self._y > CANVAS[0] + 4
        self._y[gone] = -4
        self._x[gone] = self._rng.uniform(0, CANVAS[1], int(gone.sum()))
        for x, y, radius in zip(self._x, self._y, self._radius, strict=True):
            spot(scene, x, y, radius, self._brightness, 0.5)


class Clouds:
    """Shadows with edges of many pixels that move over the scene, while all of it gets darker and brighter."""

    def __init__(self, rng: np.random.Generator, frames: int) -> None:
        self._speed = rng.uniform(0.3, 5) / FPS * (1 if rng.random() < 0.5 else -1)
        sky = blurred(rng.standard_normal((CANVAS[0], 1024)).astype(np.float32), 25)
        sky = blurred(sky, 12)
        self._sky = 1 - rng.uniform(0.25, 0.6) * sigmoid(sky / sky.std(), 0.35)
        steps = rng.standard_normal(frames // (8 * FPS) + 3) * 0.12
        self._all = np.exp(np.interp(np.arange(frames) / (8 * FPS), np.arange(len(steps)), steps))

    def draw(self, scene: Light, light: Light, frame: int) -> None:
        """Take light away."""
        offset = frame * self._speed % 1024
        columns = (np.arange(CANVAS[1]) + offset) % 1024
        left = columns.astype(np.intp)
        part = (columns - left).astype(np.float32)
        sky = self._sky[:, left] * (1 - part) + self._sky[:, (left + 1) % 1024] * part
        light *= sky * np.float32(self._all[frame])


def spot(scene: Light, x: float, y: float, radius: float, brightness: float, opacity: float) -> None:
    """Put a disc without a sharp edge over the scene."""
    reach = int(2.2 * radius) + 2
    top, bottom = max(0, int(y) - reach), min(CANVAS[0], int(y) + reach + 1)
    left, right = max(0, int(x) - reach), min(CANVAS[1], int(x) + reach + 1)
    if top >= bottom or left >= right:
        return
    distance = np.hypot(COLUMNS[top:bottom, left:right] - np.float32(x), ROWS[top:bottom, left:right] - np.float32(y))
    cover = opacity * np.exp(-((distance / radius) ** 2) * 0.7)
    part = scene[top:bottom, left:right]
    part += cover * (brightness - part)
