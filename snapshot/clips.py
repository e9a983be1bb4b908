"""The clips that are being fetched. Each keeps its frames until its last page, while the history moves on."""

import os
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from snapshot.clip import Clip
from snapshot.errors import StillError
from snapshot.still import Still

MAX_CLIPS = 8
"""Clips that may be fetched at the same time."""
IDLE_SECONDS = 20.0
"""A clip is dropped after this long without a request for a page."""
PAGE_BYTES = 256 * 1024
"""Size of a page. At 13 KB/s, a client takes it within IDLE_SECONDS."""
MB = 1_000_000


class OpenClip(msgspec.Struct):
    """A clip that is being fetched, and when it was last asked for."""

    camera: str
    clip: Clip
    used_at: float


class Clips:
    """Hands out clips by an id that cannot be guessed."""

    def __init__(self, now: Callable[[], float], max_bytes: int) -> None:
        """Make an empty table.

        Args:
            now: CLOCK_MONOTONIC, in seconds.
            max_bytes: what the frames of all clips may take together; a frame in several clips counts once.
        """
        self._now = now
        self.max_bytes = max_bytes
        self._clips: dict[str, OpenClip] = {}

    def __len__(self) -> int:
        return len(self._clips)

    @property
    def bytes(self) -> int:
        """What the frames of all clips take; a frame in several clips counts once."""
        return _bytes(still for open_clip in self._clips.values() for still in open_clip.clip.stills)

    def open(self, camera: str, stills: list[Still], form: Literal["mjpg", "avi"]) -> tuple[str, Clip]:
        """Make a clip of these frames and return its id and the clip.

        Raises:
            StillError: there are too many clips, or their frames take too much memory.
        """
        self.tick()
        if len(self._clips) >= MAX_CLIPS:
            raise StillError("busy", f"{MAX_CLIPS} clips are being fetched already")
        clip = Clip(stills, form)
        held = [still for open_clip in self._clips.values() for still in open_clip.clip.stills]
        if held and _bytes((*held, *clip.stills)) > self.max_bytes:
            raise StillError(
                "busy",
                f"the clips that are being fetched take {_bytes(held) / MB:.0f} MB; "
                f"allowed: {self.max_bytes / MB:g} MB with this one (history_mb)",
            )
        clip_id = os.urandom(8).hex()
        self._clips[clip_id] = OpenClip(camera, clip, self._now())
        return clip_id, clip

    def get(self, camera: str, clip_id: str) -> Clip:
        """Return a clip that is being fetched.

        Raises:
            StillError: there is none of this id, or it is of another camera, or was dropped.
        """
        open_clip = self._clips.get(clip_id)
        if open_clip is None or open_clip.camera != camera:
            raise StillError(
                "not-kept",
                f"there is no such clip of camera {camera}, or it expired after {IDLE_SECONDS:g} s without a request",
            )
        open_clip.used_at = self._now()
        return open_clip.clip

    def close(self, clip_id: str) -> None:
        """Drop a clip, which was fetched or is not wanted any more. May be called twice."""
        self._clips.pop(clip_id, None)

    def tick(self) -> None:
        """Drop the clips that were not asked for during IDLE_SECONDS."""
        oldest = self._now() - IDLE_SECONDS
        self._clips = {clip_id: open_clip for clip_id, open_clip in self._clips.items() if open_clip.used_at >= oldest}


def _bytes(stills: Iterable[Still]) -> int:
    """What the pictures take, each counted once."""
    return sum({id(still): len(still.jpeg) for still in stills}.values())
