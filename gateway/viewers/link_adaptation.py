"""Which size of each camera a page gets, so that a slow link shows a moving picture. No sockets.

A level is a size: 0 is full size, and each further one has half the width and height. The page asks for the level that
fills a tile. Where the link carries too few frames of it, the camera goes to the next level; where the link has had
room for long enough, the camera goes back. The two conditions are far apart, and a step back that did not last is
repeated only after a pause that doubles: on a link that changes every few seconds, the size stays.
"""

from collections import deque
from collections.abc import Mapping

import msgspec

from gateway.viewers.link_budget import LinkBudget

TICK_SECONDS = 0.25
"""How often `tick` has to be called."""
LEAST_FPS = 5.0
"""Fewer frames per second than this, over SLOW_SECONDS, are too few."""
SLOW_SECONDS = 1.0
GOOD_FPS = 10.0
"""Fewer than this are too few when it stays so for UNEASY_SECONDS."""
UNEASY_SECONDS = 4.0
SHARE_OF_OFFERED = 0.8
"""A page that gets this share of the frames that there are is not slow: the camera is."""
IN_TRANSIT_FRAMES = 1
"""So many of the frames that were offered over SLOW_SECONDS may be drawn later: one on its way is not missing."""
BUSY_SHARE = 0.5
"""Share of the capacity in use from which the link may be the reason for missing frames."""
ROOM_SECONDS = 7.0
"""How long the link has to have room for the larger size."""
ROOM_SHARE = 0.85
"""Share of this time, as one hiccup does not count."""
ROOM_FPS = 12.0
"""The frames per second of the larger size that there has to be room for."""
FREE_SHARE = 0.8
"""How much of the free capacity may be planned for."""
UNUSED_SHARE = 0.4
"""On a link that is used less than this, the larger size is tried although the measured capacity does not promise room:
where frames are small and the delay varies, the capacity is measured too low."""
HOPELESS_FPS = 8.0
"""It is not tried where the measured capacity promises fewer frames per second than this."""
SKIP_FPS = 3.0
"""A level at which even fewer frames than this would arrive is skipped."""
LASTING_SECONDS = 60.0
"""A step to a larger size that lasts for less was a mistake."""
FIRST_PAUSE_SECONDS = 120.0
LONGEST_PAUSE_SECONDS = 960.0
"""Between a mistake and the next attempt; each further mistake doubles it."""
GROWTH = (9.0, 4.0)
"""How many times larger a frame of level 0 is than one of level 1, and one of level 1 than one of level 2: 162, 18 and
5 KB of a picture of 1280x720. Used until both sizes were seen on this connection."""
WEIGHT = 0.3
"""Of the newest frame in the mean size."""

_SLOW_TICKS = round(SLOW_SECONDS / TICK_SECONDS)
_UNEASY_TICKS = round(UNEASY_SECONDS / TICK_SECONDS)
_ROOM_TICKS = round(ROOM_SECONDS / TICK_SECONDS)


class CameraLevel(msgspec.Struct):
    """One camera of the page."""

    asked: int
    """The level that fills its tile."""
    pinned: bool
    """Whether a person wants this level on any link."""
    level: int
    settled: bool = True
    """Whether a frame of this level was drawn; those before it may take long to arrive on a slow link."""
    drawn: int = 0
    """Frames since the last tick."""
    drawn_in_ticks: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_SLOW_TICKS))
    uneasy_ticks: int = 0
    room: deque[bool] = msgspec.field(default_factory=lambda: deque(maxlen=_ROOM_TICKS))
    sizes: dict[int, float] = msgspec.field(default_factory=dict)
    """Mean bytes of a frame, by level."""
    grown_at: float | None = None
    """When it last went to a larger size, until that has lasted or was taken back."""
    pause_seconds: float = FIRST_PAUSE_SECONDS
    not_before: float = float("-inf")

    @property
    def fps(self) -> float:
        """Frames drawn per second, over the last SLOW_SECONDS."""
        return sum(self.drawn_in_ticks) / (len(self.drawn_in_ticks) * TICK_SECONDS) if self.drawn_in_ticks else 0.0

    def size(self, level: int) -> float | None:
        """Return the expected bytes of a frame; None while no frame of any level was seen."""
        if level in self.sizes:
            return self.sizes[level]
        seen = min(self.sizes, key=lambda other: abs(other - level), default=None)
        if seen is None:
            return None
        size = self.sizes[seen]
        for between in range(min(seen, level), max(seen, level)):
            size = size * GROWTH[between] if level < seen else size / GROWTH[between]
        return size

    def go_to(self, level: int) -> None:
        """Change the level, and observe from the start."""
        self.level = level
        self.settled = False
        self.drawn = self.uneasy_ticks = 0
        self.drawn_in_ticks.clear()
        self.room.clear()


class LinkAdaptation:
    """The levels of all cameras of one connection. Times are seconds of the clock of its LinkBudget."""

    def __init__(self, budget: LinkBudget, smallest: int = len(GROWTH)) -> None:
        """`smallest` is the level of the smallest size that there is."""
        self._budget = budget
        self._smallest = smallest
        self._cameras: dict[str, CameraLevel] = {}

    def watch(self, camera: str, asked: int, pinned: bool = False) -> None:
        """Show a camera at this level, or a smaller one where the link needs it; or change what was asked for."""
        known = self._cameras.get(camera)
        if known is None:
            self._cameras[camera] = CameraLevel(asked, pinned, asked)
            return
        reduced = known.level > known.asked
        level = asked if pinned or not reduced else max(asked, known.level)
        known.asked, known.pinned = asked, pinned
        if level != known.level:
            known.go_to(level)

    def leave(self, camera: str) -> None:
        """Show this camera no more."""
        self._cameras.pop(camera, None)

    def level(self, camera: str) -> int:
        """Return the level to send."""
        return self._cameras[camera].level

    def drawn(self, camera: str, level: int, size: int) -> None:
        """A frame of this level and so many bytes was acknowledged."""
        known = self._cameras.get(camera)
        if known is None:
            return
        known.sizes[level] = size if level not in known.sizes else known.sizes[level] * (1 - WEIGHT) + size * WEIGHT
        if level == known.level:
            known.drawn += 1
            known.settled = True

    def tick(self, offered: Mapping[str, float], now: float) -> list[str]:
        """Decide; to be called every TICK_SECONDS.

        Args:
            offered: frames per second that reach the gateway of each camera, at its level.
            now: the time.

        Returns:
            The cameras whose level has changed.
        """
        changed = []
        promised = 0.0
        self._budget.looks_for_room = any(camera.level > camera.asked for camera in self._cameras.values())
        for name, camera in self._cameras.items():
            if camera.settled:
                camera.drawn_in_ticks.append(camera.drawn)
            camera.drawn = 0
            before = camera.level
            if camera.grown_at is not None and now - camera.grown_at >= LASTING_SECONDS:
                camera.grown_at, camera.pause_seconds = None, FIRST_PAUSE_SECONDS
            fps = offered.get(name, 0.0)
            if self._is_too_slow(camera, fps, now):
                self._shrink(camera, now)
            else:
                promised += self._grow_if_there_is_room(camera, fps, promised, now)
            if camera.level != before:
                changed.append(name)
            if camera.level > before:
                self._budget.resume()
        self._budget.may_shrink = any(self._may_shrink(camera) for camera in self._cameras.values())
        return changed

    def _may_shrink(self, camera: CameraLevel) -> bool:
        return not camera.pinned and camera.level < self._smallest

    def _is_too_slow(self, camera: CameraLevel, offered: float, now: float) -> bool:
        if not self._may_shrink(camera) or len(camera.drawn_in_ticks) < _SLOW_TICKS:
            return False
        enough = offered * SHARE_OF_OFFERED - IN_TRANSIT_FRAMES / SLOW_SECONDS
        if not self._is_busy(now) or camera.fps >= min(GOOD_FPS, enough):
            camera.uneasy_ticks = 0
            return False
        camera.uneasy_ticks += 1
        return camera.fps < min(LEAST_FPS, enough) or camera.uneasy_ticks >= _UNEASY_TICKS

    def _is_busy(self, now: float) -> bool:
        """Whether the link may be the reason for missing frames."""
        capacity = self._budget.capacity
        waits = self._budget.in_flight_seconds(now) > self._budget.delay_seconds + 1 / LEAST_FPS
        waits = waits or self._budget.is_paused(now)
        return waits or (capacity is not None and self._budget.used(now) >= BUSY_SHARE * capacity)

    def _shrink(self, camera: CameraLevel, now: float) -> None:
        level = camera.level + 1
        size, capacity = camera.size(level), self._budget.capacity
        if level < self._smallest and size and capacity and capacity / len(self._cameras) / size < SKIP_FPS:
            level += 1
        if camera.grown_at is not None:
            camera.not_before = now + camera.pause_seconds
            camera.pause_seconds = min(2 * camera.pause_seconds, LONGEST_PAUSE_SECONDS)
            camera.grown_at = None
        camera.go_to(level)

    def _grow_if_there_is_room(self, camera: CameraLevel, offered: float, promised: float, now: float) -> float:
        """Take a larger size if there was room for it; return the bytes per second that this adds."""
        if camera.level <= camera.asked:
            return 0.0
        added = self._added(camera, offered)
        camera.room.append(self._has_room(camera, added, promised, now))
        recent = list(camera.room)[-_SLOW_TICKS:]
        if now < camera.not_before or len(camera.room) < _ROOM_TICKS or not all(recent):
            return 0.0
        if sum(camera.room) < ROOM_SHARE * _ROOM_TICKS:
            return 0.0
        camera.grown_at = now
        camera.go_to(camera.level - 1)
        return added or 0.0

    def _added(self, camera: CameraLevel, offered: float) -> float | None:
        """The bytes per second that the next larger size would take beyond those of today; None while unknown."""
        size, larger = camera.size(camera.level), camera.size(camera.level - 1)
        if size is None or larger is None:
            return None
        return larger * min(ROOM_FPS, max(offered, camera.fps)) - size * camera.fps

    def _has_room(self, camera: CameraLevel, added: float | None, promised: float, now: float) -> bool:
        capacity, larger = self._budget.best_capacity(now), camera.size(camera.level - 1)
        if added is None or capacity is None or larger is None:
            return False
        used = self._budget.used(now) + promised
        if added <= FREE_SHARE * (capacity - used):
            return True
        return used < UNUSED_SHARE * capacity and capacity / larger >= HOPELESS_FPS
