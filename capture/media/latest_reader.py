"""A thread that reads a stream as fast as it arrives and keeps the newest picture, so that none waits in a socket.

What the stream is, a URL or a file, is left to http_stream and av_stream; when a picture is wanted is left to media.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec

from capture.idle_decoding import Need
from capture.source import SourceError

HICCUP_SECONDS = 2.0
"""For so long, an open camera that ends its stream or answers with a fault is opened again before that is a failure."""
REOPEN_PAUSE_SECONDS = 0.3
OUTDATED_SECONDS = 0.5


class Interrupted(SourceError):
    """The camera ended its stream or has a fault for a moment: asking again may help at once."""


class Arrival(msgspec.Struct, frozen=True):
    """A picture, and when it came."""

    image: bytes | Callable[[], bytes]
    """The JPEG, or what makes it."""
    captured: float
    """Unix seconds."""
    monotonic: float
    """CLOCK_MONOTONIC seconds of the same moment."""
    ready_at: float = 0.0
    """CLOCK_MONOTONIC seconds before which it is not to be used: a newer one is likely to follow at once."""

    def jpeg(self) -> bytes:
        """The picture; making it may take work: to be called only for one that is wanted."""
        return self.image if isinstance(self.image, bytes) else self.image()


class Stream(Protocol):
    """What a drain reads, in its own thread, but for `interrupt`."""

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the framing so far, and did not matter."""

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come; else empty."""

    def open(self) -> None:
        """Raises SourceError; `close` is called all the same."""

    def arrivals(self, latest_reader: "LatestReader") -> Iterator[Arrival]:
        """Every picture as it comes, until the stream ends. Raises SourceError."""

    def interrupt(self) -> None:
        """Wake a read that waits, if that can be done; called from another thread, at any time."""

    def close(self) -> None:
        """Release everything that is held."""


class LatestReader:
    """Reads one stream once, from its opening to its end. The caller closes it."""

    def __init__(
        self,
        stream: Stream,
        ended: str,
        hiccup_seconds: float = HICCUP_SECONDS,
        outdated_seconds: float = OUTDATED_SECONDS,
    ) -> None:
        """`ended` is what to say when the stream ends by itself, and gives no picture for `hiccup_seconds`.

        Without viewers, the next key frame is waited for rather than a picture given that is older than
        `outdated_seconds`.
        """
        self._outdated_seconds = outdated_seconds
        self.is_idle = False
        """Whether there are no viewers, so that `idle_fps` is enough; set before each read."""
        self.behind = False
        """Whether the stream has newer pictures than those that it gave, not decoded yet; set by the stream."""
        self._hiccup_seconds = hiccup_seconds
        self._stream = stream
        self._ended = ended
        self._changed = threading.Condition()
        self._opened = False
        self._wanted = False
        self._closing = False
        self._newest: Arrival | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    @property
    def need(self) -> Need:
        """For the stream: which pictures are wanted now."""
        if not self.is_idle:
            return "each"
        return "one" if self._wanted else "none"

    def open(self, limit_seconds: float) -> bool:
        """Begin to read; returns whether the stream was open in time. Raises SourceError."""
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._opened or self._failure, limit_seconds)
            self._raise_failure()
            return self._opened

    def check(self) -> None:
        """Raises SourceError when the stream is gone, although no picture is wanted yet."""
        with self._changed:
            self._raise_failure()

    def take(self, limit_seconds: float) -> Arrival | None:
        """The newest picture that was not taken yet; None when there is none in time.

        Raises SourceError when the stream is gone, after its last picture.
        """
        with self._changed:
            if not self._wanted and self._is_outdated():
                self._newest = None
            self._wanted = True
            self._changed.notify_all()
            deadline = time.monotonic() + limit_seconds
            while not self._changed.wait_for(self._is_ready, self._until_ready(deadline)):
                if time.monotonic() >= deadline:
                    return None
            if self._newest is None:
                self._raise_failure()
                return None
            newest, self._newest, self._wanted = self._newest, None, False
            return newest

    def _is_outdated(self) -> bool:
        """Whether the newest picture was not wanted when it came, and newer ones came since, not decoded yet."""
        newest = self._newest
        return self.behind and newest is not None and time.monotonic() - newest.monotonic > self._outdated_seconds

    def _is_ready(self) -> bool:
        if self.behind and not self.is_idle:  # with its next picture, the stream gives the newest
            return self._failure is not None
        newest = self._newest
        return self._failure is not None if newest is None else time.monotonic() >= newest.ready_at

    def _until_ready(self, deadline: float) -> float:
        """Seconds until the newest picture may be used, or the deadline."""
        end = deadline if self._newest is None else min(deadline, self._newest.ready_at)
        return max(0.001, end - time.monotonic())

    def close(self, limit_seconds: float) -> bool:
        """End the thread; returns whether it ended in time.

        If it did not, it lets go of the stream once its read comes back. May be called again.
        """
        with self._changed:
            self._closing = True
            self._newest = None
            self._changed.notify_all()
        self._stream.interrupt()
        if self._thread.ident is not None:
            self._thread.join(limit_seconds)
        return not self._thread.is_alive()

    def pause(self, seconds: float) -> bool:
        """For the stream: let the time pass; returns whether to go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing, seconds)
            return not self._closing

    def rest(self, seconds: float) -> bool:
        """For the stream: let the time pass while no picture is wanted; returns whether none is wanted still."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closing or self.need != "none", seconds)

    def until_wanted(self) -> bool:
        """For the stream: wait until a picture is requested; returns whether to go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or (self._wanted and self._newest is None))
            return not self._closing

    def _run(self) -> None:
        try:
            self._stream.open()
            with self._changed:
                self._opened = True
                self._changed.notify_all()
            self._read_on()
        except Exception as error:  # whatever it is: it is raised in the thread that reads
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        finally:
            self._stream.close()

    def _read_on(self) -> None:
        """Read the stream, and open it again at once where it ends; a failure is one that lasts."""
        failing_since: float | None = None
        reopen = False
        while True:
            try:
                if reopen:
                    self.behind = False
                    self._stream.close()
                    self._stream.open()
                for arrival in self._stream.arrivals(self):
                    failing_since = None
                    if not self._put(arrival):
                        return
                if self._closing:
                    return
                raise Interrupted(self._ended)
            except Interrupted:
                now = time.monotonic()
                if self._closing:
                    return
                if failing_since is not None and now - failing_since >= self._hiccup_seconds:
                    raise
                if failing_since is not None and not self.pause(REOPEN_PAUSE_SECONDS):
                    return
                failing_since, reopen = failing_since or now, True

    def _put(self, arrival: Arrival) -> bool:
        with self._changed:
            if self._closing:
                return False
            self._newest = arrival
            self._changed.notify_all()
            return True

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
