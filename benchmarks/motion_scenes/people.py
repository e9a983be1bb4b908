"""People who walk through a scene: near and far, slow and fast, across it and towards the camera."""

from dataclasses import dataclass

import numpy as np

from benchmarks.motion_scenes.picture import CANVAS, FPS, MARGIN, ROWS, Light

PERSON_METRES = 1.7
LEAST_HEIGHT = 9.0
"""Pixels of a person who is to be found: a tenth of the picture."""
LEAST_CONTRAST = 10.0
"""Mean difference of a person to what is behind, in grey levels of 255."""
LEAST_SECONDS = 2.0


@dataclass
class Person:
    """Someone who is in the scene for some time. Sizes are in pixels."""

    start: int
    """The first frame."""
    frames: int
    x: float
    feet: float
    height: float
    speed_x: float
    """Pixels a frame."""
    growth: float
    """Factor of the height, a frame: above 1 for someone who comes nearer."""
    clothes: tuple[float, float, float]
    """How much light the head, the upper and the lower part reflect."""
    shadow: float
    """How much light is left in the shadow on the ground; 1 for none."""
    pause: tuple[int, int]
    """Frames from the start, between which the person stands still."""
    door: float | None
    """The person steps out from behind this column; None for one who comes in from the edge."""

    def draw(self, scene: Light, light: Light, frame: int) -> Light | None:
        """Put the person into the reflection of a scene.

        Returns:
            Which pixels show the person, 0 to 1; None where the person is not in the picture.
        """
        age = frame - self.start
        if not 0 <= age < self.frames:
            return None
        moving = age - max(0, min(age, self.pause[1]) - self.pause[0]) if age > self.pause[0] else age
        height = self.height * self.growth**moving
        x = self.x + self.speed_x * moving
        feet = self.feet + (height - self.height) * 0.6
        box = self._box(x, feet, height)
        if box is None:
            return None
        top, bottom, left, right = box
        rows, columns = ROWS[top:bottom, left:right], np.arange(left, right, dtype=np.float32)[None, :]
        up = (feet - rows) / height
        across = (columns - x) / height
        stride = 0.10 * np.sin(moving * max(0.35, 5 * abs(self.speed_x) / height) * 1.7)
        width = np.where(up > 0.85, 0.055, np.where(up > 0.45, 0.13, 0.09)).astype(np.float32)
        lean = np.where(up < 0.45, stride * (0.45 - up), 0)
        edge = 0.6 / height
        inside = np.minimum(
            _edge(width - np.abs(across - lean), edge), np.minimum(_edge(up, edge), _edge(1 - up, edge))
        )
        if self.door is not None:
            inside = inside * (columns > self.door if self.speed_x >= 0 else columns < self.door)
        head, upper, lower = self.clothes
        clothes = np.where(up > 0.85, head, np.where(up > 0.45, upper, lower)).astype(np.float32)
        if self.shadow < 1:
            self._cast(light, x, feet, height)
        part = scene[top:bottom, left:right]
        part += inside * (clothes - part)
        mask = np.zeros(CANVAS, np.float32)
        mask[top:bottom, left:right] = inside
        return mask

    def _box(self, x: float, feet: float, height: float) -> tuple[int, int, int, int] | None:
        top, bottom = max(0, int(feet - height) - 1), min(CANVAS[0], int(feet) + 2)
        left, right = max(0, int(x - 0.25 * height) - 1), min(CANVAS[1], int(x + 0.25 * height) + 2)
        return (top, bottom, left, right) if top < bottom and left < right else None

    def _cast(self, light: Light, x: float, feet: float, height: float) -> None:
        """A shadow on the ground, to the right of the feet."""
        top, bottom = max(0, int(feet - 0.15 * height)), min(CANVAS[0], int(feet + 0.1 * height) + 1)
        left, right = max(0, int(x)), min(CANVAS[1], int(x + 0.9 * height) + 1)
        if top < bottom and left < right:
            light[top:bottom, left:right] *= self.shadow


def _edge(distance: Light, softness: float) -> Light:
    edge: Light = np.clip(distance / softness * 0.5 + 0.5, 0, 1).astype(np.float32)
    return edge


def person(rng: np.random.Generator, start: int, sunny: bool) -> Person:
    """A person who comes in from a side, from behind something, or towards the camera."""
    height = float(np.exp(rng.uniform(np.log(9.5), np.log(60))))
    feet = float(
        np.clip(MARGIN + 25 + height * rng.uniform(0.6, 1.3), height * 0.7, CANVAS[0] - MARGIN + 0.25 * height)
    )
    metres_a_second = rng.choice(
        [rng.uniform(0.35, 0.8), rng.uniform(0.9, 1.7), rng.uniform(2.0, 3.5)], p=[0.3, 0.55, 0.15]
    )
    speed = metres_a_second * height / PERSON_METRES / FPS
    kind = rng.random()
    direction = 1.0 if rng.random() < 0.5 else -1.0
    growth, door = 1.0, None
    seconds = rng.uniform(5, 25)
    if kind < 0.5:
        x = MARGIN - 0.3 * height if direction > 0 else CANVAS[1] - MARGIN + 0.3 * height
    elif kind < 0.8:
        x = door = rng.uniform(0.2, 0.8) * CANVAS[1]
        x -= direction * 0.3 * height
    else:
        x, door = rng.uniform(0.25, 0.75) * CANVAS[1], None
        growth = float(1 + metres_a_second / FPS * rng.uniform(0.06, 0.12))
        seconds = min(seconds, np.log(85 / height) / np.log(growth) / FPS)
        seconds = max(seconds, LEAST_SECONDS + 0.5)
        speed *= 0.2
    clothes = rng.uniform(0.03, 0.75, 3)
    pause = int(rng.uniform(1, 8) * FPS) if rng.random() < 0.3 else 10**6
    return Person(
        start=start,
        frames=int(seconds * FPS),
        x=float(x),
        feet=feet,
        height=height,
        speed_x=float(direction * speed),
        growth=growth,
        clothes=(float(clothes[0]), float(clothes[1]), float(clothes[2])),
        shadow=float(rng.uniform(0.45, 0.8)) if sunny else 1.0,
        pause=(pause, pause + int(rng.uniform(1, 6) * FPS)),
        door=None if door is None else float(door),
    )
