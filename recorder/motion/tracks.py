"""Follows things from picture to picture: who gets somewhere moves; what swings, or comes and goes, does not."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

from recorder.motion.blobs import CORE, Blob

WINDOW_SECONDS = 6.0
"""How far back the way of a thing is looked at."""
LEAST_HITS = 3
"""Pictures that show a thing before it counts."""
HITS_FOR_CLUTTER = 2.0
"""For each new thing a picture, on average, that is neither blurred nor light: so many pictures more."""
HITS_FOR_SIBLING = 1.0
"""For each other thing but one that was new in the same picture: a lamp makes many at once."""
MOST_HITS = 18
LEAST_WAY_PIXELS = 1.7
LEAST_WAY_SHARE = 0.3
"""Of the thing's own width."""
LEAST_HITS_GROWING = 6
"""Pictures that show a thing before its growth counts."""
LEAST_GROWTH_PIXELS = 0.9
LEAST_GROWTH_SHARE = 0.2
"""Of the width, and of the height."""
STRAIGHT = 0.6
"""How much of its way a thing must have got on: a branch comes back."""
SEEN_SHARE = 0.55
"""Of the pictures since a thing was first seen."""
SHARP = 0.12
"""What is blurred more is near the lens, such as an insect, or light."""
CLEARLY_SHARP = 0.17
CLEARLY_SHARP_SHARE = 0.5
HITS_FOR_SOFT = 6
"""What is less sharp may be the edge of a shadow or of headlights: so many more pictures must show it."""
TEXTURED = 0.45
"""Above it, what is seen in a thing is the background: it is light, or the shadow of something."""
SOLID_SHARE = 0.4
"""Of the pictures of a thing: in so many it is neither blurred nor light."""
CORE_SHARE = CORE[1] - CORE[0]
"""Of the whole width or height."""
LEAST_FILL = 0.36
"""Of the core of a thing, so much has to differ: where leaves swing, the gaps between them do not."""
SLENDER = 6.0
"""Times as long as it is wide: a thread, a streak of rain, or the shadow of a pole."""
CLEAR = 2.0
"""Times the least way, at which a thing counts at once where nothing is in doubt; otherwise a second picture has to
say so."""
SAME_SIZE = 2.0
"""Times as many pixels as in another picture a thing may have, that keeps its size."""
PLAIN_HITS = 4
"""Pictures after another in which a thing is sharp, keeps its size, and gets on until it has left its place: it counts
then, whatever else is in doubt. What is left of a lamp stays, and among flakes hardly four look like one."""
PLAIN_UNEVEN = 0.5
"""The same as UNEVEN, for these."""
UNEVEN = 0.3
"""Of its mean speed: by so much it may differ from picture to picture, where a thing counts at once."""
AGAIN_WITHIN = 4
"""Pictures, that show the thing, in which the second one has to come."""
DOUBTFUL_PICTURES = 10
"""The last so many that show a thing count alone, where it appeared while the light changed: what is left of a lamp may
jump at first, and rests then."""
LOST_AFTER = 3
"""Pictures without a thing, after which it is a new one when it comes back."""
CLUTTERED = 0.1
"""New things a picture, on average, from which on two that come and go may look like one that moves."""
MOST_STRIDE = 0.6
"""Of its length, a picture, that a thing gets on at most where others come and go: somebody who runs at 5 m/s."""
MOST_FALL = 0.2
"""Of its height, a picture, that it gets up or down at most, there: flakes and drops fall faster, nobody walks so."""
MAX_TRACKS = 80
CLUTTER_RATE = 0.05

MomentT = TypeVar("MomentT")


@dataclass(slots=True)
class Track(Generic[MomentT]):
    """One thing. Lengths are in pixels."""

    first: MomentT
    began: float
    """Seconds, as all times here."""
    origin: Blob
    """As it was seen first."""
    is_doubtful: bool = False
    """Whether it appeared while the light changed: what is left of a lamp becomes smaller, but stays where it is."""
    way: deque[tuple[float, Blob]] = field(default_factory=deque)
    """When it was seen, and what was seen."""
    speed: tuple[float, float] = (0.0, 0.0)
    """Pixels a picture."""
    siblings: int = 0
    """How many other new things were first seen in the same picture."""
    hits: int = 0
    misses: int = 0
    chances: int = 0
    """Pictures since it was first seen."""
    gained_at: int = -10
    """The number of the picture that last showed it further on."""
    progress: float = 0.0
    """The way that it has got on within the window, as a multiple of the least one that counts."""

    @property
    def last(self) -> Blob:
        """As it was seen last."""
        return self.way[-1][1]

    def expected(self) -> tuple[float, float]:
        """Where it should be in this picture."""
        steps = self.misses + 1
        return self.last.x + self.speed[0] * steps, self.last.y + self.speed[1] * steps

    def see(self, blob: Blob, now: float) -> None:
        """Add what is seen of it."""
        if self.way:
            steps = self.misses + 1
            step = (blob.x - self.last.x) / steps, (blob.y - self.last.y) / steps
            keep = 0.5 if self.hits > 1 else 0.0
            self.speed = (
                self.speed[0] * keep + step[0] * (1 - keep),
                self.speed[1] * keep + step[1] * (1 - keep),
            )
        self.way.append((now, blob))
        while now - self.way[0][0] > WINDOW_SECONDS:
            self.way.popleft()
        self.hits += 1
        self.misses = 0

    def measure(self, hits: float, is_cluttered: bool) -> bool:
        """Whether it moves, as of a picture that shows it.

        Args:
            hits: pictures that must have shown it.
            is_cluttered: whether other things come and go.
        """
        self.progress = 0.0
        if self.hits < LEAST_HITS or len(self.way) < LEAST_HITS or self.hits < SEEN_SHARE * self.chances:
            return False
        seen = [blob for _, blob in self.way]
        if self.is_doubtful:
            seen = seen[-DOUBTFUL_PICTURES:]
        if sum(map(_is_solid, seen)) < SOLID_SHARE * len(seen):
            return False
        if sum(blob.sharpness >= CLEARLY_SHARP for blob in seen) < CLEARLY_SHARP_SHARE * len(seen):
            hits += HITS_FOR_SOFT
        if sorted(blob.fill for blob in seen)[len(seen) // 2] < LEAST_FILL:
            return False
        width = sorted(blob.core[1] - blob.core[0] for blob in seen)[len(seen) // 2] / CORE_SHARE
        height = sorted(blob.core[3] - blob.core[2] for blob in seen)[len(seen) // 2] / CORE_SHARE
        if max(width, height) > SLENDER * min(width, height):
            return False
        if self.is_doubtful and _overlap(self.origin, self.last):
            return False
        least = max(LEAST_WAY_PIXELS, LEAST_WAY_SHARE * width)
        way = _straight([(blob.x, blob.y) for blob in seen])
        if is_cluttered:
            strides = (len(seen) - 1) * self.chances / self.hits  # also those of the pictures without it
            fall = abs(seen[-1].y - seen[0].y)
            if way > MOST_STRIDE * max(width, height) * strides or fall > MOST_FALL * height * strides:
                return False
        self.progress = min(way, _carried(seen)) / least
        if self.progress < 1 and self.hits >= LEAST_HITS_GROWING:
            self.progress = max(self.progress, _grown(seen))
        is_plain = _is_plain(list(self.way)[-PLAIN_HITS:])
        is_calm = hits <= LEAST_HITS and not is_cluttered and self.hits == self.chances and all(map(_is_solid, seen))
        if is_plain or (is_calm and _has_left(seen)):
            self.progress, self.gained_at = max(self.progress, 1), self.hits
            return True
        if self.hits < hits or self.progress < 1:
            return False
        before, self.gained_at = self.gained_at, self.hits
        is_clear = is_calm and self.progress >= CLEAR and _is_even(self.way, UNEVEN)
        return is_clear or self.hits - before <= AGAIN_WITHIN


def _is_solid(blob: Blob) -> bool:
    """Whether it is neither blurred nor light."""
    return blob.sharpness >= SHARP and blob.texture <= TEXTURED


def _has_left(seen: list[Blob]) -> bool:
    """Whether a thing keeps its size and has left a place where it was, also if it has turned round.

    A branch that swings stays within the place that it takes, and what appears here and there differs in its size.
    """
    pixels = [blob.pixels for blob in seen]
    left, right, top, bottom = zip(*(blob.core for blob in seen), strict=True)
    return max(pixels) <= SAME_SIZE * min(pixels) and (max(left) >= min(right) or max(top) >= min(bottom))


def _is_plain(recent: list[tuple[float, Blob]]) -> bool:
    """Whether the last pictures of a thing leave no doubt, whatever the light does and however many things are new."""
    seen = [blob for _, blob in recent]
    if len(seen) < PLAIN_HITS or not all(_is_solid(blob) and blob.sharpness >= CLEARLY_SHARP for blob in seen):
        return False
    return _has_left(seen) and _is_even(recent, PLAIN_UNEVEN)


def _is_even(way: Iterable[tuple[float, Blob]], most: float) -> bool:
    """Whether a thing gets on at the same speed from picture to picture: what appears here and there does not."""
    speeds = [
        ((there.x - here.x) / (after - before), (there.y - here.y) / (after - before))
        for (before, here), (after, there) in pairwise(way)
        if after > before
    ]
    if not speeds:
        return False
    mean = sum(x for x, _ in speeds) / len(speeds), sum(y for _, y in speeds) / len(speeds)
    return max(math.dist(speed, mean) for speed in speeds) <= most * math.hypot(*mean)


def _straight(places: list[tuple[float, float]]) -> float:
    """How far places get from the first to the last one; 0 where they go to and fro."""
    places = _smoothed(places)
    net = math.dist(places[0], places[-1])
    path = sum(math.dist(before, after) for before, after in pairwise(places))
    return 0.0 if path > 0 and net / path < STRAIGHT else net


def _grown(seen: list[Blob]) -> float:
    """By how much a thing has become larger or smaller, as a multiple of the least change that counts.

    Who comes straight towards the camera stays at the same place of the picture and grows in both directions.
    """
    third = max(1, len(seen) // 3)
    before, after = _core(seen[:third]), _core(seen[-third:])
    width, height = before[1] - before[0], before[3] - before[2]
    wider, higher = after[1] - after[0] - width, after[3] - after[2] - height
    if wider * higher <= 0:
        return 0.0
    shares = (
        abs(wider) / max(LEAST_GROWTH_PIXELS, LEAST_GROWTH_SHARE * width),
        abs(higher) / max(LEAST_GROWTH_PIXELS, LEAST_GROWTH_SHARE * height),
    )
    if min(shares) < 1 or not _straight([(blob.core[1] - blob.core[0], blob.core[3] - blob.core[2]) for blob in seen]):
        return 0.0
    return min(shares)


def _overlap(one: Blob, other: Blob) -> bool:
    """Whether the cores of two things have a place in common."""
    left, right, top, bottom = one.core
    return left < other.core[1] and other.core[0] < right and top < other.core[3] and other.core[2] < bottom


def _carried(seen: list[Blob]) -> float:
    """By how many pixels both sides of a thing have moved: of one that grows or gets weaker, only one does."""
    third = max(1, len(seen) // 3)
    before, after = _core(seen[:third]), _core(seen[-third:])
    left, right, top, bottom = (there - here for here, there in zip(before, after, strict=True))
    return math.hypot(_common(left, right), _common(top, bottom))


def _core(seen: list[Blob]) -> tuple[float, float, float, float]:
    """The mean left, right, top and bottom."""
    left, right, top, bottom = (sum(sides) / len(seen) for sides in zip(*(blob.core for blob in seen), strict=True))
    return left, right, top, bottom


def _common(one: float, other: float) -> float:
    return min(abs(one), abs(other)) if one * other > 0 else 0.0


def _smoothed(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The means of three after another: of noise, the sum of steps is long and means little."""
    if len(places) < 5:
        return places
    return [
        ((a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3)
        for a, b, c in zip(places, places[1:], places[2:], strict=False)
    ]


class Tracks(Generic[MomentT]):
    """All things that are followed."""

    def __init__(self) -> None:
        self._tracks: list[Track[MomentT]] = []
        self._clutter = 0.0
        """New things a picture, on average, that are neither blurred nor light."""

    @property
    def are_followed(self) -> bool:
        """Whether there is any."""
        return bool(self._tracks)

    def pass_over(self, pictures: int) -> None:
        """Leave out so many pictures without a thing, while none is followed."""
        self._clutter *= (1 - CLUTTER_RATE) ** pictures

    def forget(self) -> None:
        """Follow nothing: the pictures are of something else."""
        self._tracks.clear()

    def follow(self, found: list[Blob], moment: MomentT, now: float, more: int = 0) -> list[Track[MomentT]]:
        """Add the things of a picture.

        Args:
            found: the things.
            moment: what identifies the picture.
            now: when it was taken, in seconds.
            more: in so many pictures more than usual a thing must have been seen; 0 where the light is steady.

        Returns:
            Those that move in it.
        """
        left = list(found)
        for track in sorted(self._tracks, key=lambda track: -track.hits):
            track.chances += 1
            blob = _nearest(track, left)
            if blob is None:
                track.misses += 1
            else:
                left.remove(blob)
                track.see(blob, now)
        self._tracks = [track for track in self._tracks if track.misses <= LOST_AFTER]
        self._clutter += (sum(map(_is_solid, left)) - self._clutter) * CLUTTER_RATE
        for blob in left[: max(0, MAX_TRACKS - len(self._tracks))]:
            track = Track(moment, now, blob, more > 0, siblings=len(left) - 1, chances=1)
            track.see(blob, now)
            self._tracks.append(track)
        hits = LEAST_HITS + more + HITS_FOR_CLUTTER * self._clutter
        return [
            track
            for track in self._tracks
            if track.misses == 0
            and track.measure(
                int(min(MOST_HITS, hits + HITS_FOR_SIBLING * max(0, track.siblings - 1))), self._clutter > CLUTTERED
            )
        ]


def _nearest(track: "Track[MomentT]", found: list[Blob]) -> Blob | None:
    """The thing that is this one in the new picture."""
    x, y = track.expected()
    last = track.last
    reach = (3 + 0.5 * max(last.width, last.height)) * (1 + 0.3 * track.misses)
    best, best_distance = None, reach
    for blob in found:
        distance = math.hypot(blob.x - x, blob.y - y)
        if distance < best_distance and 0.2 < blob.pixels / last.pixels < 5:
            best, best_distance = blob, distance
    return best
