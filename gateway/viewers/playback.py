"""The recordings of one camera on a page: a moment that was sought, or a film. At most one frame waits to be sent."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

import msgspec

from framebus.recordings.folder import RecordedFrame, RecordingFolder
from framebus.recordings.segment_beginning import SegmentError
from gateway.cameras.recorded_moments import first_frame, frame_beside, frame_shown, next_frame
from gateway.net.errors import HttpError
from gateway.viewers.film import Film
from gateway.viewers.playback_requests import Play, Seek
from gateway.viewers.recorded_message import divisor_for, recorded_message

STALE_SECONDS = 0.15
"""A frame of a film that waited longer for the link is looked for again, once: a newer one may be due."""
NOTHING = {
    0: "there is no recording within a day of this time",
    1: "there is no recording after this time",
    -1: "there is no recording before this time",
}
"""Why a seek has found nothing, by its `step`."""

NO_BEGIN = "from: found nothing; allowed: Unix seconds, or nothing once a recorded frame is shown"

T = TypeVar("T")


class RecordedMessage(msgspec.Struct, frozen=True):
    """A frame that is ready to be sent."""

    message: bytes
    """Of the wire format."""
    texts: tuple[Mapping[str, object], ...]
    """The texts that are sent just before it, as JSON objects."""
    seq: int
    at: float
    found: float
    """When it was found, by the monotonic clock."""
    film: Film | None = None


class PlaybackConnection(Protocol):
    """What the playbacks of a connection share."""

    async def look(self, find: Callable[[RecordingFolder], T]) -> T:
        """Call a function in a thread with the folder of recordings."""

    async def scale(self, make: Callable[[], T]) -> T:
        """Call a function in a thread that makes a frame smaller."""

    def wait_seconds(self) -> float:
        """Take a read out of the budget: 0, or how long to wait for one."""

    def bytes_a_second(self) -> float | None:
        """The throughput of the link; None while it is unknown."""

    def wake(self) -> None:
        """There is something to send."""

    def say(self, kind: str, camera: str, **values: object) -> None:
        """Send a text."""


class Playback:
    """Begins with the first request, and lasts until `close`."""

    def __init__(self, camera: str, connection: PlaybackConnection) -> None:
        """`connection` is what it shares with the other playbacks of the page."""
        self.camera = camera
        self.unacknowledged: list[int] = []
        """The `seq` of each frame that the page has not drawn, in the order in which they were sent."""
        self._connection = connection
        self._seek: Seek | None = None
        """The one that waits."""
        self._play: Play | None = None
        self._film: Film | None = None
        self._ready: RecordedMessage | None = None
        self._is_renewed = False
        """Whether the frame that is sent next was looked for again. Meanwhile, live frames take the link, and it has to
        wait once more; it is sent then, else a film beside them would never be seen."""
        self._shown: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._turns = 0
        """Rises with each change to or from a film: what was being read before it is not shown."""

    @property
    def held_bytes(self) -> int:
        """Of the frame that waits."""
        return len(self._ready.message) if self._ready is not None else 0

    def seek(self, seek: Seek) -> None:
        """Show a frame, in place of one that was to be looked for; one that is being read is shown, too."""
        if self._film is not None:
            self._stop_film()
        self._seek = seek
        self.read_on()

    def play(self, play: Play) -> None:
        """Show a film, or pause it."""
        begin = play.begin if play.begin is not None else self._shown
        self._stop_film()
        self._seek = None
        if play.speed == 0:
            self._say_played(play.id, self._shown, "paused")
        elif begin is None:
            self._say_played(play.id, None, NO_BEGIN)
        else:
            self._play, self._film = play, Film(begin, play.speed)
            self.read_on()

    def close(self) -> None:
        """Send nothing more; a read that is under way ends by itself."""
        self._stop_film()
        self._seek = None

    def next(self, window: int, now: float) -> RecordedMessage | None:
        """Return the frame to send; None where there is none, it is not due, or the page has not drawn enough.

        Args:
            window: how many frames may wait to be drawn.
            now: seconds of the monotonic clock.
        """
        ready = self._ready
        if ready is None or len(self.unacknowledged) >= window:
            return None
        if ready.film is not None and (wait := ready.film.due(ready.at) - now) > 0:
            self._call_later(wait, self._connection.wake)
            return None
        return ready

    def is_stale(self, ready: RecordedMessage, now: float) -> bool:
        """Whether a frame of a film has waited too long for the link; if so, the one that is due is looked for."""
        if ready.film is None or self._is_renewed or now - max(ready.found, ready.film.due(ready.at)) <= STALE_SECONDS:
            return False
        self._ready, self._is_renewed = None, True
        self.read_on()
        return True

    def sent(self, ready: RecordedMessage) -> None:
        """The frame is sent now."""
        self._ready, self._is_renewed = None, False
        self._shown = ready.at
        self.unacknowledged.append(ready.seq)
        if ready.film is not None:
            ready.film.last = ready.at
        self.read_on()

    def acknowledge(self, seq: int) -> None:
        """The page has drawn a frame; one that was never sent is ignored."""
        with suppress(ValueError):
            self.unacknowledged.remove(seq)

    def read_on(self) -> None:
        """Read what is to be sent next, unless it is being read."""
        if self._reading is not None:
            return
        if self._seek is None and (self._film is None or self._ready is not None):
            return
        if wait := self._connection.wait_seconds():
            self._call_later(wait, self.read_on)
            return
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        turn, seek, play, film = self._turns, self._seek, self._play, self._film
        self._seek = None
        ready = None
        try:
            if seek is not None:
                ready = await self._find(seek)
            elif film is not None and play is not None:
                ready = await self._find_next(film, play)
        except (HttpError, OSError, SegmentError) as error:
            if turn == self._turns:
                self._refuse(seek, play, getattr(error, "message", None) or str(error))
        finally:
            self._reading = None
        if ready is not None and turn == self._turns:
            self._ready = ready
            self._connection.wake()
        self.read_on()

    async def _find(self, seek: Seek) -> RecordedMessage | None:
        camera, at, step = self.camera, seek.at or 0.0, seek.step
        turn = self._turns
        frame = await self._connection.look(
            lambda folder: frame_beside(folder, camera, at, step) if step else frame_shown(folder, camera, at)
        )
        if frame is None:
            if turn == self._turns:
                self._say_sought(seek.id, NOTHING[step])
            return None
        message = await self._message(frame, seek.width, seek.id)
        text = {"sought": {"camera": camera, "id": seek.id, "captured": frame.at, "seq": frame.header.seq}}
        return RecordedMessage(message, (text,), frame.header.seq, frame.at, time.monotonic())

    async def _find_next(self, film: Film, play: Play) -> RecordedMessage | None:
        camera, backwards, last = self.camera, film.is_backwards, film.last
        target = film.position(time.monotonic())
        if last is None:
            found = await self._connection.look(
                lambda folder: first_frame(folder, camera, film.begin, backwards=backwards)
            )
        else:
            found = await self._connection.look(
                lambda folder: next_frame(folder, camera, last, max(0.0, target), backwards=backwards)
            )
        if film is not self._film:
            return None
        frame = found.frame
        if frame is None:
            self._say_played(play.id, last if last is not None else film.begin, "end")
            self._stop_film()
            return None
        message = await self._message(frame, play.width, play.id)
        now = time.monotonic()
        if not film.is_running:
            film.run_from(frame.at if found.gaps else film.begin, now)
        elif found.gaps and film.due(frame.at) > now:
            film.run_from(frame.at, now)
        texts = tuple({"played": {"camera": camera, "id": play.id, "gap": gap}} for gap in found.gaps)
        return RecordedMessage(message, texts, frame.header.seq, frame.at, now, film)

    async def _message(self, frame: RecordedFrame, width: float | None, id: int) -> bytes:
        divisor = divisor_for(frame.header, len(frame.jpeg), width, self._connection.bytes_a_second())
        if divisor == 1:
            return recorded_message(frame, self.camera, id)
        return await self._connection.scale(lambda: recorded_message(frame, self.camera, id, divisor))

    def _refuse(self, seek: Seek | None, play: Play | None, reason: str) -> None:
        if seek is not None:
            self._say_sought(seek.id, reason)
        elif play is not None:
            self._say_played(play.id, self._shown, reason)
            self._stop_film()

    def _say_sought(self, id: int, reason: str) -> None:
        self._connection.say("sought", self.camera, id=id, captured=None, reason=reason)

    def _say_played(self, id: int, at: float | None, reason: str) -> None:
        self._connection.say("played", self.camera, id=id, at=at, reason=reason)

    def _stop_film(self) -> None:
        self._turns += 1
        self._play = self._film = self._ready = None
        self._is_renewed = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _call_later(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, call)
