"""What happens for a moment and is no motion: a lamp, an exposure step, an insect, headlights, a shadow."""

from typing import Protocol

import numpy as np

from benchmarks.motion_scenes.picture import CANVAS, COLUMNS, FPS, ROWS, Light, blurred, sigmoid
from benchmarks.motion_scenes.weather import spot


class Incident(Protocol):
    """A part of a scene that lasts from `start` for `frames`."""

    start: int
    frames: int

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Change what the scene reflects, and the light that falls on it; `age` is in frames."""

    def exposure(self, age: int) -> float:
        """A factor of the camera's exposure."""


class _Incident:
    def __init__(self, start: int, seconds: float) -> None:
        self.start = start
        self.frames = max(1, int(seconds * FPS))

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Nothing."""

    def exposure(self, age: int) -> float:
        """No change."""
        return 1.0


class Lamp(_Incident):
    """A lamp that is switched on and off: falls off with the distance, leaves hard shadows; the camera follows."""

    def __init__(self, rng: np.random.Generator, start: int) -> None:
        super().__init__(start, rng.uniform(8, 60))
        x, y = rng.uniform(0, CANVAS[1]), rng.uniform(-20, CANVAS[0])
        distance = np.hypot(COLUMNS - x, ROWS - y)
        reach = rng.uniform(30, 120)
        falloff = (1 / (1 + (distance / reach) ** 2)).astype(np.float32)
        blocked = np.sin(np.arctan2(ROWS - y, COLUMNS - x) * rng.integers(2, 7) + rng.uniform(0, 6)) > 0.75
        self._light = falloff * np.where(blocked, 0.25, 1.0).astype(np.float32)
        self._strength = float(rng.uniform(0.3, 4.0))
        self._mean = 1 + self._strength * float(self._light.mean())

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Add its light."""
        light *= 1 + self._light * self._strength

    def exposure(self, age: int) -> float:
        """Auto exposure takes a second or two."""
        return float(self._mean ** (-0.8 * (1 - np.exp(-age / (0.8 * FPS)))))


class ExposureStep(_Incident):
    """The camera's exposure jumps, and stays."""

    def __init__(self, rng: np.random.Generator, start: int) -> None:
        super().__init__(start, rng.uniform(2, 30))
        self._factor = float(np.exp(rng.uniform(-0.6, 0.6)))

    def exposure(self, age: int) -> float:
        """The step."""
        return self._factor


class Insect(_Incident):
    """Something small that flies past the lens, out of focus, and changes its direction."""

    def __init__(self, rng: np.random.Generator, start: int, night: bool) -> None:
        super().__init__(start, rng.uniform(0.2, 1.6))
        speed = rng.uniform(6, 40)
        angle = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.6, self.frames))
        self._x = rng.uniform(0, CANVAS[1]) + np.cumsum(np.cos(angle)) * speed
        self._y = rng.uniform(0, CANVAS[0]) + np.cumsum(np.sin(angle)) * speed
        self._radius = float(rng.uniform(2.5, 14))
        self._brightness = 1.5 if night else float(rng.uniform(0.02, 0.9))
        self._opacity = float(rng.uniform(0.25, 0.9))

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Put it over the scene."""
        spot(scene, self._x[age], self._y[age], self._radius, self._brightness, self._opacity)


class Spider(_Incident):
    """A spider on the lens: large, soft and slow; and its thread, which swings."""

    def __init__(self, rng: np.random.Generator, start: int, night: bool) -> None:
        super().__init__(start, rng.uniform(4, 20))
        self._x, self._y = rng.uniform(0, CANVAS[1]), rng.uniform(0, CANVAS[0])
        self._speed = rng.normal(0, 1.2, 2)
        self._radius = float(rng.uniform(9, 18))
        self._is_thread = rng.random() < 0.5
        self._brightness = 1.2 if night else float(rng.uniform(0.02, 0.5))
        self._phase = rng.uniform(0.3, 1.2)

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Put it over the scene."""
        if self._is_thread:
            swing = 5 * np.sin(age * self._phase)
            distance = np.abs(COLUMNS - np.float32(self._x) - np.float32(swing) * ROWS / CANVAS[0])
            scene += 0.25 * np.exp(-((distance / 3) ** 2)) * (self._brightness - scene)
        else:
            x, y = self._x + self._speed[0] * age, self._y + self._speed[1] * age
            spot(scene, x, y, self._radius, self._brightness, 0.8)


class Headlights(_Incident):
    """The light of a car that passes outside of the picture: a soft pool, with the shadows of poles in it."""

    def __init__(self, rng: np.random.Generator, start: int) -> None:
        super().__init__(start, rng.uniform(1.2, 5))
        self._strength = float(rng.uniform(1, 8))
        self._y, self._size = rng.uniform(0.3, 0.8) * CANVAS[0], rng.uniform(15, 40)
        self._from, self._to = (-60, CANVAS[1] + 60) if rng.random() < 0.5 else (CANVAS[1] + 60, -60)
        self._poles = rng.uniform(0, CANVAS[1], rng.integers(0, 3))

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Add its light."""
        x = self._from + (self._to - self._from) * age / self.frames
        distance = ((COLUMNS - x) / self._size) ** 2 + ((ROWS - self._y) / (0.6 * self._size)) ** 2
        pool = np.exp(-distance).astype(np.float32)
        for pole in self._poles:
            pool *= 1 - 0.7 * np.exp(-(((COLUMNS - (pole + 0.5 * (pole - x))) / 2.5) ** 2))
        light *= 1 + self._strength * pool


class Shadow(_Incident):
    """The shadow of something outside of the picture, such as a bird or a passer-by, with a soft edge."""

    def __init__(self, rng: np.random.Generator, start: int) -> None:
        super().__init__(start, rng.uniform(1.5, 8))
        self._left = rng.uniform(0.45, 0.85)
        self._y, self._width, self._height = rng.uniform(0.5, 0.95) * CANVAS[0], rng.uniform(6, 25), rng.uniform(4, 14)
        self._from, self._to = (-30, CANVAS[1] + 30) if rng.random() < 0.5 else (CANVAS[1] + 30, -30)
        self._softness = rng.uniform(0.12, 0.3)

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Take light away."""
        x = self._from + (self._to - self._from) * age / self.frames
        distance = np.hypot((COLUMNS - x) / self._width, (ROWS - self._y) / self._height) - 1
        light *= 1 - (1 - self._left) * sigmoid(-distance, self._softness)


class Gust(_Incident):
    """One branch or bush that moves once, in calm weather: a part of the picture swings and comes to rest."""

    def __init__(self, rng: np.random.Generator, start: int) -> None:
        super().__init__(start, rng.uniform(1.5, 5))
        x, y, size = rng.uniform(0, CANVAS[1]), rng.uniform(0, CANVAS[0]), rng.uniform(5, 16)
        ragged = blurred(rng.standard_normal(CANVAS).astype(np.float32), 1) * 3
        distance = np.hypot(COLUMNS - x, ROWS - y) / size - 1
        self._cover = sigmoid(-(distance * 5 + ragged), 0.4)
        self._speed, self._swing = rng.uniform(0.8, 2.2), rng.uniform(1, 3.5)

    def draw(self, scene: Light, light: Light, age: int) -> None:
        """Move it."""
        calm = 1 - age / self.frames
        swing = self._swing * calm * np.sin(age * self._speed)
        whole = int(np.floor(swing))
        part = np.float32(swing - whole)
        moved = np.roll(scene, whole, 1) * (1 - part) + np.roll(scene, whole + 1, 1) * part
        scene += self._cover * (moved - scene)
