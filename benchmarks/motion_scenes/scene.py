"""One scene of some minutes: a place, its weather, what happens in it, and who walks through it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.motion_scenes import incidents
from benchmarks.motion_scenes.ground import ground
from benchmarks.motion_scenes.incidents import Incident
from benchmarks.motion_scenes.people import LEAST_CONTRAST, LEAST_HEIGHT, LEAST_SECONDS, Person, person
from benchmarks.motion_scenes.picture import CANVAS, FPS, HEIGHT, MARGIN, WIDTH, Grey, Light, exposed, shifted
from benchmarks.motion_scenes.weather import Clouds, Gusts, Rain, Snow, Tree, Weather

LEAST_PIXELS = 12
"""Of a person: less is hidden behind an edge of the picture."""
NOISE_PICTURES = 61
WEATHERS = ("calm", "breeze", "storm", "shake", "clouds", "rain", "downpour", "snow", "dusk", "night", "night rain")
SECONDS_BETWEEN_PEOPLE = 45.0
SECONDS_BETWEEN_INCIDENTS = 30.0


@dataclass
class Label:
    """A person in a scene, by the numbers of frames."""

    first: int
    last: int
    visible: int = 0
    """Frames in which the person is large and differs enough from what is behind."""
    moved: float = 0.0
    """Pixels on the way while visible."""
    what: str = ""

    @property
    def is_to_be_found(self) -> bool:
        """Whether a detector has to find it; others neither have to be found nor are mistakes."""
        return self.visible >= LEAST_SECONDS * FPS and self.moved >= 4


@dataclass
class Scene:
    """Made by `seed` and `number`: the same every time."""

    seed: int
    number: int
    seconds: float = 300.0
    weather: str = ""
    labels: list[Label] = field(default_factory=list)
    """Complete when all frames were made."""
    happened: list[tuple[int, int, str]] = field(default_factory=list)
    """First and last frame, and name of each incident."""

    def __post_init__(self) -> None:
        """Choose the weather."""
        self.weather = self.weather or WEATHERS[self.number % len(WEATHERS)]

    def frames(self) -> Iterator[Grey]:
        """All pictures, FPS of them a second."""
        rng = np.random.default_rng([self.seed, self.number])
        count = int(self.seconds * FPS)
        place = ground(rng)
        dark = self.weather in ("night", "night rain")
        brightness = {"dusk": 0.16}.get(self.weather, 0.05 if dark else rng.uniform(0.5, 1.1))
        gain = {"dusk": 3.0}.get(self.weather, 5.0 if dark else 1.0)
        sigma = {"dusk": 3.0}.get(self.weather, 4.5 if dark else 1.3) * rng.uniform(0.7, 1.3)
        noise = (rng.standard_normal((NOISE_PICTURES, HEIGHT, WIDTH)) * sigma).astype(np.float32)
        weather, sways = self._weather(rng, count)
        people = self._people(rng, count, sunny=self.weather in ("calm", "breeze", "storm", "shake"))
        passing = self._incidents(rng, count, dark)
        self.happened = [(one.start, one.start + one.frames, type(one).__name__) for one in passing]
        for frame in range(count):
            scene, light = place.copy(), np.full(CANVAS, np.float32(brightness))
            exposure = gain
            for part in weather:
                part.draw(scene, light, frame)
            before = scene.copy()
            for one, label in people:
                self._walk(one, label, before, scene, light, frame, brightness * gain)
            for incident in passing:
                age = frame - incident.start
                if 0 <= age < incident.frames:
                    incident.draw(scene, light, age)
                    exposure *= incident.exposure(age)
            yield exposed(shifted(scene * light, *sways[frame]), noise[rng.integers(NOISE_PICTURES)], exposure)

    def _walk(
        self, one: Person, label: Label, before: Light, scene: Light, light: Light, frame: int, brightness: float
    ) -> None:
        mask = one.draw(scene, light, frame)
        if mask is None:
            return
        inner = (slice(MARGIN, MARGIN + HEIGHT), slice(MARGIN, MARGIN + WIDTH))
        seen = mask[inner] > 0.5
        rows = np.nonzero(seen)[0]
        if len(rows) < LEAST_PIXELS:
            return
        curve = 255 * np.minimum(np.stack([scene[inner][seen], before[inner][seen]]) * brightness, 1) ** (1 / 2.2)
        contrast = float(np.abs(curve[0] - curve[1]).mean())
        if rows.max() - rows.min() + 1 >= LEAST_HEIGHT and contrast >= LEAST_CONTRAST:
            label.visible += 1
            label.moved += abs(one.speed_x) + abs(one.growth - 1) * one.height
            if label.visible == 1:
                label.first = frame
            label.last = frame

    def _weather(self, rng: np.random.Generator, count: int) -> tuple[list[Weather], Light]:
        sways = np.zeros((count, 2), np.float32)
        parts: list[Weather] = []
        if self.weather in ("breeze", "storm", "rain", "downpour"):
            strength = {"breeze": 1.5, "storm": 5.0}.get(self.weather, 1.0)
            parts += [Tree(rng, strength * rng.uniform(0.6, 1.2), count) for _ in range(rng.integers(1, 3))]
        if self.weather in ("storm", "shake"):
            strength = {"storm": 0.5}.get(self.weather, 2.5)
            for axis, share in ((0, 1.0), (1, 0.5)):
                gusts = Gusts(rng, strength * share, count).values
                sways[:, axis] = gusts * rng.uniform(0.3, 1, count)
        if self.weather == "clouds":
            parts.append(Clouds(rng, count))
        if "rain" in self.weather or self.weather == "downpour":
            parts.append(Rain(rng, {"downpour": 45}.get(self.weather, 12)))
        if self.weather == "snow":
            parts.append(Snow(rng, int(rng.integers(40, 160)), 0.9))
        return parts, sways

    def _people(self, rng: np.random.Generator, count: int, sunny: bool) -> list[tuple[Person, Label]]:
        people = []
        at = rng.uniform(20, SECONDS_BETWEEN_PEOPLE)
        while at < self.seconds - 12:
            one = person(rng, int(at * FPS), sunny)
            kind = "near" if abs(one.growth - 1) > 1e-6 else "slow" if one.speed_x * FPS < 3 else "across"
            label = Label(10**9, -1, what=f"{kind} {one.height:.0f} px {one.speed_x * FPS:+.1f} px/s at {one.start}")
            self.labels.append(label)
            people.append((one, label))
            at += one.frames / FPS + rng.exponential(SECONDS_BETWEEN_PEOPLE) + 8
        return people

    def _incidents(self, rng: np.random.Generator, count: int, dark: bool) -> list[Incident]:
        found: list[Incident] = []
        at = rng.uniform(10, SECONDS_BETWEEN_INCIDENTS)
        is_day = self.weather not in ("dusk", "night", "night rain")
        while at < self.seconds - 5:
            kind = rng.integers(7)
            start = int(at * FPS)
            if kind == 0:
                found.append(incidents.Lamp(rng, start))
            elif kind == 1:
                found.append(incidents.ExposureStep(rng, start))
            elif kind == 2:
                found.append(incidents.Insect(rng, start, dark))
            elif kind == 3:
                found.append(incidents.Spider(rng, start, dark))
            elif kind == 4:
                found.append(incidents.Shadow(rng, start) if is_day else incidents.Headlights(rng, start))
            elif kind == 5:
                found.append(incidents.Headlights(rng, start) if not is_day else incidents.Gust(rng, start))
            else:
                found.append(incidents.Gust(rng, start))
            at += rng.exponential(SECONDS_BETWEEN_INCIDENTS) + 5
        return found
