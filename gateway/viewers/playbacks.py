"""The recordings that one connection shows, a playback for each camera, and what they may take together."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from framebus.recordings.folder import RecordingFolder
from gateway.cameras.recordings_reader import RecordingsReader
from gateway.viewers.playback import Playback
from gateway.viewers.playback_requests import Play, Seek

MAX_PLAYBACKS = 16
"""Cameras whose recordings a connection shows at the same time."""
MAX_READS_A_SECOND = 120
"""Frames that are looked for on behalf of a connection: four films of 30 frames a second."""
MAX_HELD_BYTES = 32 * 1024 * 1024
"""Frames that were read and not sent yet; beyond that nothing more is read."""
HELD_WAIT_SECONDS = 0.1
PREFIX = "recorded/"
"""Begins the name by which frames are acknowledged."""

T = TypeVar("T")


class Playbacks:
    """Closed by its owner."""

    def __init__(
        self,
        recordings: RecordingsReader,
        *,
        wake: Callable[[], None],
        say: Callable[[str, str, dict[str, object]], None],
        bytes_a_second: Callable[[], float | None],
    ) -> None:
        """Show nothing yet.

        Args:
            recordings: the folder.
            wake: called when there is something to send.
            say: called with the kind of a text, the camera, and what it says of it.
            bytes_a_second: what the link carries.
        """
        self._recordings = recordings
        self._wake = wake
        self._say = say
        self._bytes_a_second = bytes_a_second
        self._playbacks: dict[str, Playback] = {}
        self._next_read = 0.0

    def __iter__(self) -> Iterator[str]:
        """The names by which frames are acknowledged."""
        return iter(self._playbacks)

    def get(self, name: str) -> Playback | None:
        """A playback by that name."""
        return self._playbacks.get(name)

    def seek(self, seek: Seek) -> None:
        """Show a frame. A refusal is answered with its reason."""
        playback = self._begun(seek.camera)
        if playback is None:
            self.say("sought", seek.camera, id=seek.id, captured=None, reason=self._too_many)
        else:
            playback.seek(seek)

    def play(self, play: Play) -> None:
        """Show a film, or pause it. A refusal is answered with its reason."""
        playback = self._begun(play.camera)
        if playback is None:
            self.say("played", play.camera, id=play.id, at=None, reason=self._too_many)
        else:
            playback.play(play)

    def end(self, camera: str) -> list[int]:
        """End the playback of a camera; returns which frames have not been acknowledged."""
        playback = self._playbacks.pop(PREFIX + camera, None)
        if playback is None:
            return []
        playback.close()
        return playback.unacknowledged

    def close(self) -> None:
        """End all of them."""
        for name in list(self._playbacks):
            self.end(name.removeprefix(PREFIX))

    async def look(self, find: Callable[[RecordingFolder], T]) -> T:
        """See PlaybackConnection."""
        return await self._recordings.look(find)

    async def scale(self, make: Callable[[], T]) -> T:
        """See PlaybackConnection."""
        return await self._recordings.scale(make)

    def wait_seconds(self) -> float:
        """See PlaybackConnection."""
        if sum(playback.held_bytes for playback in self._playbacks.values()) > MAX_HELD_BYTES:
            return HELD_WAIT_SECONDS
        now = time.monotonic()
        if now < self._next_read:
            return self._next_read - now
        self._next_read = max(self._next_read, now - 1 / MAX_READS_A_SECOND) + 1 / MAX_READS_A_SECOND
        return 0.0

    def bytes_a_second(self) -> float | None:
        """See PlaybackConnection."""
        return self._bytes_a_second()

    def wake(self) -> None:
        """See PlaybackConnection."""
        self._wake()

    def say(self, kind: str, camera: str, **values: object) -> None:
        """See PlaybackConnection."""
        self._say(kind, camera, {"camera": camera, **values})

    @property
    def _too_many(self) -> str:
        return f"recordings of {MAX_PLAYBACKS} cameras are shown already"

    def _begun(self, camera: str) -> Playback | None:
        name = PREFIX + camera
        if name not in self._playbacks:
            if len(self._playbacks) >= MAX_PLAYBACKS:
                return None
            self._playbacks[name] = Playback(camera, self)
        return self._playbacks[name]
