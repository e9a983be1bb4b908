"""What a camera sees when nothing moves, learnt pixel by pixel; and where a picture differs from that.

The light may change: a picture is compared with the background after the brightness of that was fitted to it, in areas
of AREA_PIXELS. So clouds, exposure steps, soft shadows and defocused things near the lens leave little. A pixel differs
when it does so by more than it usually does, and by more than a small shake of the camera explains.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from recorder.motion.arrays import Grey, Mask, Values
from recorder.motion.flakes import Flakes, upright
from recorder.motion.sway import inner, median, sway, swayed

AREA_PIXELS = 16
SAMPLES = 5
"""So many rows and columns of pixels tell how bright an area is."""
MIDDLE = (SAMPLES * SAMPLES // 3, SAMPLES * SAMPLES - 1 - SAMPLES * SAMPLES // 3)
"""Of these, sorted: a small thing in an area does not change the mean of the middle third."""
SMALLEST_BRIGHTNESS = 6.0
"""Grey levels, of 255, that are added to both brightnesses before they are compared: nothing is divided by zero."""
LEAST_GAIN, MOST_GAIN = 0.15, 6.0
STEADY_PIXELS = 0.15
"""Every camera moves by so much: a step between two pixels counts for so many parts of it."""
SHAKE_FACTOR = 2.0
"""How much more than the usual pixel at an edge each other may differ while the camera shakes."""
STILL_PIXELS = 0.3
"""A picture of a camera that has moved by more is not learnt: the background would be blurred by it."""
SHAKE_CALMS = 0.97
"""What is left of a shake one picture later."""
EDGE_PIXELS = 400
"""So many with the highest steps show shakes."""
LEARNING_RATE = 0.06
"""Of the background, a frame, where nothing differs: half of a change is learnt in two seconds."""
ABSORBING_RATE = 0.006
"""The same where something differs: what was put there is background after a minute."""
NOISE_RATE = 0.012
"""How fast is learnt how much a pixel usually differs, where it does not differ now."""
RESTLESS_RATE = 0.12
"""The same where it begins to differ: leaves come and go, and are usual soon."""
PASSING_RATE = 0.002
"""The same where it continues to differ: someone walks there slowly."""
FIRST_FRAMES = 15
"""Frames in which the background is learnt faster, at the start and after a large change."""
NEW_FRAMES = 50
"""Frames after these in which leaves that were at rest before may still be new."""
EDGES_EVERY = 15
"""Frames after which the edges of the background are looked for again."""
MAX_SHAPES = 32
"""Of pictures: a camera may change its size with each frame, and what is kept for each size takes up to 160 KB."""
LARGE_CHANGE = 0.45
"""Share of the pixels: a larger change is one of the light or of the camera's direction, and is learnt at once."""
MUCH_BEGINS = 0.06
"""Share of the pixels that begin to differ in one picture: a person does not come so fast, and a lamp does."""
LIGHT_STEP = 0.05
"""Share of the brightness by which a picture differs from the one before: a lamp, or the exposure that follows it."""
SHAKE_SHARE = 0.02
"""Share of the pixels that differ, from which on it is tried whether the camera has moved."""
SHAKE_PIXELS = 3
SHAKE_EXPLAINS = 0.8
"""A shift is one of the camera where less than this share of the difference is left."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a picture shows beside the background, before anything was learnt from it."""

    picture: Values
    difference: Values
    limit: Values
    """By how much each pixel may differ."""
    differs: Mask
    brightness: float


class Background:
    """Learns from every picture that it is shown; all have the same size."""

    def __init__(self, shape: tuple[int, int], factor: float, least: float) -> None:
        """Know nothing yet.

        Args:
            shape: height and width of the pictures.
            factor: how many times its usual difference a pixel must differ.
            least: grey levels that a pixel must differ by in addition.
        """
        height, width = shape
        self._factor = np.float32(factor)
        self._least = np.float32(least)
        self._samples = _samples(height, width)
        self._spread_rows = _interpolation(height)
        self._spread_columns = _interpolation(width)
        self.usual: Values = np.full(shape, 2.0, np.float32)
        """How much each pixel differs on average."""
        self._steps = np.zeros(shape, np.float32)
        self._edges = self._inner_edges = np.zeros(0, np.intp)
        self._shake = 0.0
        """By how many pixels the camera moves."""
        self._flakes = Flakes()
        self._differed = np.zeros(shape, np.bool_)
        self._picture: Values | None = None
        self._seen = 0
        self.picture: Values = np.zeros(shape, np.float32)
        """The last one, as the mean of the nine pixels around each: noise and rain are weaker in it."""
        self.expected: Values = np.zeros(shape, np.float32)
        """What it would be without anything in front of the background."""
        self.residual: Values = np.zeros(shape, np.float32)
        """How much brighter it is."""
        self.is_unsteady = False
        """Whether the light has changed since the picture before, or much of the picture in another way; or whether the
        background is new."""
        self._brightness = 1.0
        self.is_settled = False
        """Whether the background is known well enough to compare with it."""

    @property
    def snow_falls(self) -> bool:
        """Whether the last picture is the middle one of three, but for people who run."""
        return self._flakes.falling

    def compare(self, grey: Grey) -> Mask:
        """Return where a picture differs from the background, and learn from it."""
        now = smooth(grey.astype(np.float32))
        picture = self._without_flakes(now)
        if self._picture is None:
            self._picture = picture.copy()
        expected, brightness = self._fitted(picture, self._picture)
        self.is_unsteady = self._is_new or self._is_light_step(brightness)
        self._brightness = brightness
        self.picture, self.expected = picture, expected
        self.residual = picture - expected
        difference = np.abs(self.residual)
        moved_by = sway(self.residual, expected, self._inner_edges) if self.is_settled else (0.0, 0.0)
        if moved_by != (0.0, 0.0):
            self.expected = expected = swayed(expected, moved_by)
            self.residual = picture - expected
            difference = np.abs(self.residual)
        self._shake *= SHAKE_CALMS
        if len(self._edges):
            moved = np.take(difference, self._edges) / np.take(self._steps, self._edges)
            self._shake = max(self._shake, median(moved))
        limit = self._limit()
        differs = difference > limit
        if self.snow_falls and self.is_settled:
            fast = upright(np.abs(now - expected) > limit)
            if self._flakes.are_bright:
                fast |= expected - now > limit
            fast &= ~differs
            if fast.any():
                self.picture = picture = np.where(fast, now, picture)
                self.residual = picture - expected
                difference = np.abs(self.residual)
                differs |= fast
        shaken = False
        if self.is_settled and np.count_nonzero(differs) > SHAKE_SHARE * differs.size:
            shift = self._shift(picture, expected)
            if shift != (0, 0):
                shaken = True
                self.expected = np.roll(expected, shift, (0, 1))
                self.residual = picture - self.expected
                difference = np.abs(self.residual)
                differs = difference > np.roll(limit, shift, (0, 1))
                _clear_edges(differs, shift)
        self._learn(picture, difference, limit, differs, shaken or max(map(abs, moved_by)) > STILL_PIXELS)
        return differs

    def glance(self, grey: Grey) -> Glance | None:
        """Look at a picture and learn nothing; None where the light has changed, the camera moves, or snow falls."""
        if self._picture is None or not self.is_settled or self.snow_falls:
            return None
        picture = smooth(grey.astype(np.float32))
        expected, brightness = self._fitted(picture, self._picture)
        residual = picture - expected
        if self._is_light_step(brightness) or sway(residual, expected, self._inner_edges) != (0.0, 0.0):
            return None
        difference, limit = np.abs(residual), self._limit()
        return Glance(picture, difference, limit, difference > limit, brightness)

    def learn(self, seen: Glance, pictures: int) -> None:
        """Learn from a picture as from several that are alike.

        Args:
            seen: what it shows.
            pictures: how many there were since the one before that was looked at, this one included.
        """
        self._without_flakes(seen.picture)
        self._brightness = seen.brightness
        self._shake *= SHAKE_CALMS**pictures
        self._learn(seen.picture, seen.difference, seen.limit, seen.differs, False, pictures)

    def _without_flakes(self, picture: Values) -> Values:
        """The picture, or the middle one of three; the background is learnt again when snow begins or ends."""
        snowed = self.snow_falls
        picture = self._flakes.without(picture)
        if self.snow_falls != snowed:
            self._seen = 0
            self.is_settled = False
        return picture

    @property
    def _is_new(self) -> bool:
        return self._seen < FIRST_FRAMES + NEW_FRAMES

    def _is_light_step(self, brightness: float) -> bool:
        return abs(brightness / self._brightness - 1) > LIGHT_STEP

    def _limit(self) -> Values:
        limit = self.usual * self._factor
        limit += self._steps * np.float32(STEADY_PIXELS + SHAKE_FACTOR * self._shake)
        limit += self._least
        return limit

    def _learn(
        self, picture: Values, difference: Values, limit: Values, differs: Mask, shaken: bool, pictures: int = 1
    ) -> None:
        assert self._picture is not None  # `compare` has set it
        if self.is_settled and np.count_nonzero(differs) > LARGE_CHANGE * differs.size:
            self._seen = 0
            self.is_settled = False
        first = max(1 / (self._seen + 1), LEARNING_RATE) if self._seen < FIRST_FRAMES else LEARNING_RATE
        if not self.is_settled:
            self._picture += (picture - self._picture) * np.float32(first)
        elif shaken:
            self._picture += (picture - self._picture) * np.float32(ABSORBING_RATE)
        else:
            rate = np.where(differs, _rate(ABSORBING_RATE, pictures), _rate(LEARNING_RATE, pictures))
            self._picture += (picture - self._picture) * rate
        restless = np.minimum(difference, limit * 3)
        begun = int(np.count_nonzero(differs & ~self._differed))
        self.is_unsteady = self.is_unsteady or begun > MUCH_BEGINS * differs.size
        if not self.is_settled:
            self.usual += (restless - self.usual) * np.float32(first)
        elif not shaken:
            begins = differs & ~self._differed
            rate = np.where(differs, _rate(PASSING_RATE, pictures), _rate(NOISE_RATE, pictures))
            rate[begins] = RESTLESS_RATE
            self.usual += (restless - self.usual) * rate
        self._differed = differs
        if -self._seen % EDGES_EVERY < pictures or self._seen == FIRST_FRAMES:
            self._steps = _steps(self._picture)
            count = min(EDGE_PIXELS, self._steps.size)
            strongest = np.argpartition(self._steps.ravel(), -count)[-count:]
            self._edges = strongest[np.take(self._steps, strongest) > 0]
            self._inner_edges = inner(self._edges, self._steps.shape)
        self._seen += pictures
        self.is_settled = self.is_settled or self._seen >= FIRST_FRAMES

    def _fitted(self, picture: Values, background: Values) -> tuple[Values, float]:
        """The background, as bright as the picture is in each area; and how bright that is, on average."""
        bright = np.take(picture, self._samples) + np.float32(SMALLEST_BRIGHTNESS)
        bright /= np.take(background, self._samples) + np.float32(SMALLEST_BRIGHTNESS)
        bright.partition(MIDDLE, axis=2)
        means: Values = np.add.reduce(bright[:, :, MIDDLE[0] : MIDDLE[1] + 1], axis=2)
        means *= np.float32(1 / (MIDDLE[1] + 1 - MIDDLE[0]))
        brightness = float(np.add.reduce(means, axis=None)) / means.size
        gain = _without_single(np.minimum(np.maximum(means, np.float32(LEAST_GAIN)), np.float32(MOST_GAIN)))
        fitted = np.asarray(self._spread_rows @ gain @ self._spread_columns.T, np.float32)
        fitted *= background
        return fitted, brightness

    def _shift(self, picture: Values, expected: Values) -> tuple[int, int]:
        """By how many rows and columns the camera sees the background elsewhere; (0, 0) where that explains little."""
        reach = SHAKE_PIXELS
        inner = picture[reach:-reach:2, reach:-reach]
        rows, columns = picture.shape
        best, best_cost = (0, 0), np.inf
        stays = np.inf
        for down in range(-reach, reach + 1):
            for right in range(-reach, reach + 1):
                moved = expected[reach - down : rows - reach - down : 2, reach - right : columns - reach - right]
                cost = float(np.abs(inner - moved).sum())
                if (down, right) == (0, 0):
                    stays = cost
                if cost < best_cost:
                    best, best_cost = (down, right), cost
        return best if best_cost < SHAKE_EXPLAINS * stays else (0, 0)


@lru_cache(MAX_SHAPES)
def _rate(rate: float, pictures: int) -> np.float32:
    """How much is learnt from several pictures that are alike, where so much is learnt from one."""
    return np.float32(1 - (1 - rate) ** pictures)


def _areas(length: int) -> int:
    return max(2, round(length / AREA_PIXELS))


def _samples(height: int, width: int) -> npt.NDArray[np.intp]:
    """For each row and column of areas, the numbers of the pixels whose median tells of the area."""
    rows, columns = (
        ((np.arange(_areas(length) * SAMPLES) + 0.5) * length / (_areas(length) * SAMPLES)).astype(np.intp)
        for length in (height, width)
    )
    numbers = rows[:, None] * width + columns[None, :]
    grouped = numbers.reshape(_areas(height), SAMPLES, _areas(width), SAMPLES).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(grouped.reshape(_areas(height), _areas(width), SAMPLES * SAMPLES))


def _interpolation(length: int) -> Values:
    """A row for each pixel: the weights with which the areas make its value."""
    count = _areas(length)
    centres = (np.arange(count) + 0.5) * length / count - 0.5
    places = np.clip(np.arange(length), centres[0], centres[-1])
    distance = np.abs(places[:, None] - centres[None, :]) * count / length
    return np.clip(1 - distance, 0, None).astype(np.float32)


def _without_single(gain: Values) -> Values:
    """Each area as most of the nine around it: what covers one area is a thing, and light covers more."""
    windows = np.take(gain, _around(gain.shape))
    windows.partition(4, axis=2)
    return np.ascontiguousarray(windows[:, :, 4])


@lru_cache(MAX_SHAPES)
def _around(shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """The numbers of the nine areas around each one; at an edge, the nearest ones for those that do not exist."""
    rows = np.clip(np.arange(shape[0])[:, None] + np.arange(-1, 2), 0, shape[0] - 1)
    columns = np.clip(np.arange(shape[1])[:, None] + np.arange(-1, 2), 0, shape[1] - 1)
    return np.asarray((rows[:, None, :, None] * shape[1] + columns[None, :, None, :]).reshape(*shape, 9))


def smooth(values: Values) -> Values:
    """The mean of the nine pixels around each one."""
    across = values.copy()
    across[:, 1:] += values[:, :-1]
    across[:, :-1] += values[:, 1:]
    around = across.copy()
    around[1:] += across[:-1]
    around[:-1] += across[1:]
    around /= _neighbours(values.shape)
    return around


@lru_cache(MAX_SHAPES)
def _neighbours(shape: tuple[int, int]) -> Values:
    rows, columns = np.full(shape[0], 3, np.float32), np.full(shape[1], 3, np.float32)
    rows[[0, -1]] = columns[[0, -1]] = 2
    return np.outer(rows, columns)


def _steps(picture: Values) -> Values:
    """The largest step between each pixel and its neighbours."""
    steps = np.zeros_like(picture)
    right = np.abs(np.diff(picture, axis=1))
    down = np.abs(np.diff(picture, axis=0))
    np.maximum(steps[:, 1:], right, out=steps[:, 1:])
    np.maximum(steps[:, :-1], right, out=steps[:, :-1])
    np.maximum(steps[1:], down, out=steps[1:])
    np.maximum(steps[:-1], down, out=steps[:-1])
    return steps


def _clear_edges(mask: Mask, shift: tuple[int, int]) -> None:
    """Nothing is known of what a moved camera sees at its edges."""
    down, right = abs(shift[0]) + 1, abs(shift[1]) + 1
    mask[:down] = False
    mask[-down:] = False
    mask[:, :right] = False
    mask[:, -right:] = False
