"""Looks for motion in the pictures of one camera: small, grey, five a second. Pure; the clock is an argument."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import numpy as np

from recorder.motion.arrays import Grey, Mask
from recorder.motion.background import Background
from recorder.motion.blobs import blobs, dense
from recorder.motion.light import things
from recorder.motion.tracks import LEAST_HITS, MomentT, Track, Tracks

GAP_SECONDS = 3.0
"""After a longer pause between two pictures, nothing is known of what moved before."""

DOUBT_SECONDS = 5.0
"""So long after a change of the light, more pictures must show a thing."""
DOUBT_PICTURES = 8

MAX_WAITING = LEAST_HITS - 1
"""While nothing moves, so many pictures wait for the next one: where that shows nothing, they are not decoded. A thing
counts when LEAST_HITS pictures show it, so that its event starts as soon as without waiting."""


@dataclass(frozen=True, slots=True)
class Motion(Generic[MomentT]):
    """That something moves in a picture."""

    score: float
    """How certain that is: 0.5 where it just counts, 1 at most."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of what moves, in fractions of the picture as the sensor has it."""
    first: MomentT
    """The picture in which it was seen first."""


class Detector(Generic[MomentT]):
    """Made for pictures of one size."""

    def __init__(self, shape: tuple[int, int], counts: Mask, min_area: float, sensitivity: int) -> None:
        """Know nothing of the scene yet.

        Args:
            shape: height and width of the pictures.
            counts: where motion counts.
            min_area: the smallest thing that counts, in percent of the picture.
            sensitivity: 1 to 100; how small a difference counts.
        """
        self._shape = shape
        self._counts = counts
        self._least_pixels = max(4.0, min_area / 100 * shape[0] * shape[1])
        ease = 2 ** ((50 - sensitivity) / 25)
        self._background = Background(shape, 3.6 * ease, 2.5 * ease)
        self._tracks: Tracks[MomentT] = Tracks()
        self._last: float | None = None
        self._doubtful_until = -math.inf
        self._is_calm = False
        """Whether nothing may move: the light is steady, and nothing is followed."""
        self._waiting: list[tuple[Callable[[], Grey | None], MomentT, float]] = []

    def look(self, decode: Callable[[], Grey | None], moment: MomentT, now: float) -> "Motion[MomentT] | None":
        """Look at a picture, at once where something may move.

        Args:
            decode: returns its pixels; None where it is damaged. It is called now, or with one of the next
                MAX_WAITING pictures, or never.
            moment: what identifies it.
            now: when it was taken, in seconds of a clock that goes on steadily.
        """
        if self._is_calm and len(self._waiting) < MAX_WAITING:
            self._waiting.append((decode, moment, now))
            return None
        grey = decode()
        if grey is None:
            return None
        waiting, self._waiting = self._waiting, []
        if self._is_calm and self._shows_nothing(grey, len(waiting) + 1):
            self._last = now
            return None
        for decode_earlier, moment_earlier, then in waiting:
            if (earlier := decode_earlier()) is not None:
                self._look(earlier, moment_earlier, then)  # too few pictures show anything for it to count
        return self._look(grey, moment, now)

    def _shows_nothing(self, grey: Grey, pictures: int) -> bool:
        """Whether a picture shows nothing but the background; it is learnt as so many pictures then."""
        seen = self._background.glance(grey)
        if seen is None or np.count_nonzero(dense(seen.differs & self._counts)) >= self._least_pixels:
            return False
        self._background.learn(seen, pictures)
        self._tracks.pass_over(pictures)
        return True

    def _look(self, grey: Grey, moment: MomentT, now: float) -> "Motion[MomentT] | None":
        if self._last is not None and not 0 <= now - self._last < GAP_SECONDS:
            self._tracks.forget()
        self._last = now
        self._is_calm = False
        differs = self._background.compare(grey)
        if not self._background.is_settled:
            self._tracks.forget()
            return None
        mask = things(dense(differs & self._counts), self._background)
        found = blobs(dense(mask), self._background, self._least_pixels)
        if self._background.snow_falls:
            found = [blob for blob in found if blob.is_upright]
        if self._background.is_unsteady:
            self._doubtful_until = now + DOUBT_SECONDS
        moving = self._tracks.follow(found, moment, now, DOUBT_PICTURES if now < self._doubtful_until else 0)
        self._is_calm = not (self._background.is_unsteady or self._background.snow_falls or self._tracks.are_followed)
        return self._motion(moving) if moving else None

    def _motion(self, moving: list[Track[MomentT]]) -> "Motion[MomentT]":
        height, width = self._shape
        seen = [track.last for track in moving]
        box = (
            min(blob.left for blob in seen) / width,
            min(blob.top for blob in seen) / height,
            max(blob.right for blob in seen) / width,
            max(blob.bottom for blob in seen) / height,
        )
        score = max(1 - 0.5**track.progress for track in moving)
        return Motion(round(score, 3), box, min(moving, key=lambda track: track.began).first)
