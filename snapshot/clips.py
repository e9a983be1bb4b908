"""The clips that are being fetched: each stays whole from its first page to its last, while the ring moves on."""

import secrets
from collections.abc import Callable
from typing import ClassVar, Literal

from snapshot.clip import Clip
from snapshot.errors import StillError
from snapshot.still import Still

MAX_CLIPS = 8
"""At a time: each holds on to its frames, as much as a history."""
IDLE_SECONDS = 60.0
"""A clip that nobody fetches on for so long is let go."""


class Clips:
    """Hands out clips by an id that nobody guesses."""

    PAGE_BYTES: ClassVar[int] = 1024 * 1024
    """What one reply holds of a clip."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._clips: dict[str, tuple[str, Clip, float]] = {}

    def open(self, camera: str, stills: list[Still], form: Literal["mjpg", "avi"]) -> tuple[str, Clip]:
        """A new clip of these frames. Raises StillError when there are too many."""
        self.tick()
        if len(self._clips) >= MAX_CLIPS:
            raise StillError("busy", f"{MAX_CLIPS} clips are being fetched already")
        clip = Clip(stills, form)
        name = secrets.token_hex(8)
        self._clips[name] = camera, clip, self._now()
        return name, clip

    def known(self, camera: str, name: str) -> Clip:
        """A clip that is being fetched. Raises StillError when it is not, or no more, or another camera's."""
        owner, clip, _ = self._clips.get(name, ("", None, 0.0))
        if clip is None or owner != camera:
            raise StillError(
                "not-kept", f"there is no such clip of camera {camera}, or it was not fetched on for {IDLE_SECONDS:g} s"
            )
        self._clips[name] = camera, clip, self._now()
        return clip

    def close(self, name: str) -> None:
        """A clip was fetched to its end; may be said twice."""
        self._clips.pop(name, None)

    def tick(self) -> None:
        """Let go of those that nobody fetches."""
        for name, (_, _, used) in list(self._clips.items()):
            if self._now() - used > IDLE_SECONDS:
                del self._clips[name]
