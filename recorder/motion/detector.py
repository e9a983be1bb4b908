"""Looks for motion in the pictures of one camera: small, grey, five a second. Pure; the clock is an argument."""

import math
from dataclasses import dataclass
from typing import Generic

from recorder.motion.arrays import Grey, Mask
from recorder.motion.background import Background
from recorder.motion.blobs import blobs, dense
from recorder.motion.light import things
from recorder.motion.tracks import MomentT, Track, Tracks

GAP_SECONDS = 3.0
"""After a longer pause between two pictures, nothing is known of what moved before."""

DOUBT_SECONDS = 5.0
"""So long after a change of the light, more pictures must show a thing."""
DOUBT_PICTURES = 8


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

    def look(self, grey: Grey, moment: MomentT, now: float) -> "Motion[MomentT] | None":
        """Look at a picture.

        Args:
            grey: its pixels.
            moment: what identifies it.
            now: when it was taken, in seconds of a clock that goes on steadily.
        """
        if self._last is not None and not 0 <= now - self._last < GAP_SECONDS:
            self._tracks.forget()
        self._last = now
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
