"""Makes events of pictures in which something moves: a start, updates once a second, an end after a pause. Pure."""

from dataclasses import dataclass

from framebus.protocol.events import Box, EventHeader, Phase
from framebus.protocol.wire import VERSION

QUIET_SECONDS = 3.0
"""So long after the last motion, an event ends; who stands still for a shorter time makes no new one."""
UPDATE_SECONDS = 1.0
TYPE = "motion"


@dataclass(frozen=True, slots=True)
class Moment:
    """What identifies a frame."""

    seq: int
    epoch: str
    captured: float
    monotonic: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """That something moves in a frame."""

    moment: Moment
    first: Moment
    """The frame in which it was seen first."""
    score: float
    box: Box
    """In the picture as it is shown."""


class Events:
    """The events of one camera. Times are seconds of the host's CLOCK_MONOTONIC, but for those of frames."""

    def __init__(self, camera: str, run: str) -> None:
        """Begin without an event.

        Args:
            camera: its name.
            run: identifies this run of the process, so that no two events have the same id.
        """
        self._camera = camera
        self._run = run
        self._number = 0
        self._moved_at = 0.0
        self._first: Moment | None = None
        self._newest: Sighting | None = None
        self._highest = 0.0
        self._around: Box = (0.0, 0.0, 0.0, 0.0)
        self.current: EventHeader | None = None
        """The newest message of the event in progress; None without one."""

    def saw(self, sighting: Sighting, now: float) -> EventHeader | None:
        """Note that something moves.

        Returns:
            What is to be published, if anything.
        """
        self._moved_at = now
        if self.current is None or self._first is None:
            self._number += 1
            self._first = sighting.first
            self._highest, self._around = sighting.score, sighting.box
            return self._message("start", sighting, sighting.first, now)
        self._highest = max(self._highest, sighting.score)
        self._around = _union(self._around, sighting.box)
        if now - self.current.published < UPDATE_SECONDS:
            self._newest = sighting
            return None
        return self._message("update", sighting, sighting.moment, now)

    def tick(self, now: float) -> EventHeader | None:
        """Report the event in progress where that is due, or end it; to be called several times a second.

        Returns:
            What is to be published, if anything.
        """
        last = self._newest
        if self.current is None or last is None:
            return None
        if now - self._moved_at >= QUIET_SECONDS:
            whole = Sighting(last.moment, last.first, self._highest, self._around)
            ended = self._message("end", whole, last.moment, now)
            self.current = self._first = self._newest = None
            return ended
        if now - self.current.published >= UPDATE_SECONDS:
            return self._message("update", last, last.moment, now)
        return None

    def end(self, now: float) -> EventHeader | None:
        """End the event in progress, as the process ends; returns what is to be published, if anything."""
        self._moved_at = now - QUIET_SECONDS
        return self.tick(now)

    def _message(self, phase: Phase, sighting: Sighting, moment: Moment, now: float) -> EventHeader:
        assert self._first is not None  # an event is in progress
        self._newest = sighting
        self.current = EventHeader(
            v=VERSION,
            camera=self._camera,
            type=TYPE,
            phase=phase,
            id=f"{self._run}-{self._number}",
            score=round(sighting.score, 3),
            box=_rounded(sighting.box),
            seconds=round(max(0.0, moment.monotonic - self._first.monotonic), 6),
            seq=moment.seq,
            epoch=moment.epoch,
            captured=moment.captured,
            monotonic=moment.monotonic,
            published=round(now, 6),
        )
        return self.current


def _rounded(box: Box) -> Box:
    left, top, right, bottom = (round(min(1.0, max(0.0, side)), 4) for side in box)
    return left, top, right, bottom


def _union(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
