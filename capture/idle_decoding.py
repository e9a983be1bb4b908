"""Which encoded pictures are decoded: each while there are viewers, else key frames alone. Pure.

A picture between two key frames needs those before it. They are kept until the next key frame, so that the newest
picture can be decoded as soon as there is a viewer.
"""

import time
from collections.abc import Callable
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

WAIT_SECONDS = 4.0
"""Without viewers, a picture that is wanted waits so long for a key frame. Cameras have one in 1 to 4 s."""
SLOW_SECONDS = 0.5
"""With more than this between two pictures, each is decoded: a viewer would wait too long for the next one."""
MAX_HELD_BYTES = 8 * 1024 * 1024
MAX_HELD_PICTURES = 1000
"""More than this is decoded, wanted or not: dropping it would leave viewers without a picture until the next key
frame."""

Kind = Literal["key", "delta", "header"]
"""A picture that needs no other, one that needs those before it, and parameters that belong to the next picture."""
Need = Literal["each", "one", "none"]
"""Each picture for viewers; one of any age since the last, for `idle_fps`; none."""
Encoded = TypeVar("Encoded")


class Demand(Protocol):
    """What a decoder knows of those for whom it decodes."""

    @property
    def need(self) -> Need:
        """Which pictures are wanted now."""

    behind: bool
    """Whether there are pictures that came, but were not decoded; set by the decoder."""


class Due(msgspec.Struct, Generic[Encoded], frozen=True):
    """What to decode now, the oldest first."""

    pictures: list[Encoded]
    after_gap: bool = False
    """Whether pictures were left out before these: a decoder must forget those that it has."""


class UndecodedPictures(Generic[Encoded]):
    """The pictures of one stream that came since the last key frame, as far as they were not decoded."""

    def __init__(self, patience: float, now: Callable[[], float] = time.monotonic) -> None:
        """`patience` is how long the stream may give no picture, in seconds."""
        self._wait_seconds = min(WAIT_SECONDS, patience / 2)
        self._now = now
        self._held: list[tuple[Encoded, Kind]] = []
        self._bytes = 0
        self._has_gap = False
        self._can_wait = False
        """Whether a key frame was decoded: before that, and in video without key frames, each picture is."""
        self._waits_since: float | None = None
        self._came_at = now()

    @property
    def behind(self) -> bool:
        """Whether there are pictures that were not decoded."""
        return bool(self._held)

    def put(self, picture: Encoded, size: int, kind: Kind, need: Need) -> Due[Encoded]:
        """Add the next picture.

        Args:
            picture: it.
            size: its bytes.
            kind: whether it needs others.
            need: which pictures are wanted.

        Returns:
            What to decode now; nothing while that can wait.
        """
        if kind == "key":
            self._drop_pictures()
        self._held.append((picture, kind))
        self._bytes += size
        if not self._is_due(kind, need):
            return Due([])
        due = Due([held for held, _ in self._held], self._has_gap)
        self._can_wait = self._can_wait or kind == "key"
        self._held.clear()
        self._bytes, self._has_gap, self._waits_since = 0, False, None
        return due

    def _drop_pictures(self) -> None:
        """What came before a key frame is not needed for it, except for its parameters."""
        headers = len(self._held)
        while headers and self._held[headers - 1][1] == "header":
            headers -= 1
        self._has_gap = self._has_gap or headers > 0
        del self._held[:headers]
        self._bytes = 0

    def _is_due(self, kind: Kind, need: Need) -> bool:
        now = self._now()
        is_slow, self._came_at = now - self._came_at > SLOW_SECONDS, now
        if need == "each" or not self._can_wait or is_slow:
            return True
        if self._bytes > MAX_HELD_BYTES or len(self._held) > MAX_HELD_PICTURES:
            return True
        if need == "none":
            self._waits_since = None
            return False
        if self._waits_since is None:
            self._waits_since = now
        return kind == "key" or now - self._waits_since >= self._wait_seconds
