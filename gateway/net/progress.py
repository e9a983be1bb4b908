"""Closes connections that do not read their response: each has to accept some bytes within a deadline.

Without it, a client that reads nothing holds a picture in memory, a descriptor and a place forever.
"""

import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

import msgspec

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.counted_stream import CountedStream

MIN_BYTES = 16 * 1024
"""What a client has to accept within the deadline while there is more to send: 0.8 KB/s with the default of 20 s."""
STALLED_RESPONSES = "answers not taken"
"""What the log and /metrics call these connections."""


class Progress(msgspec.Struct):
    """The bytes that a connection had accepted, and when that was checked."""

    written_bytes: int
    at: float


class ProgressWatch:
    """Looks at every stream once a second."""

    def __init__(
        self, deadline_seconds: float, losses: RateLimitedLog, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._losses = losses
        self._now = now
        self._progress: WeakKeyDictionary[CountedStream, Progress | None] = WeakKeyDictionary()

    def add(self, stream: CountedStream) -> None:
        """Watch a stream until it is closed."""
        self._progress[stream] = None

    def tick(self) -> None:
        """Call this once a second: close the streams whose client was too slow."""
        now = self._now()
        for stream, progress in list(self._progress.items()):
            if stream.closed():
                del self._progress[stream]
            elif not stream.writing():
                self._progress[stream] = None
            elif progress is None or stream.written_bytes - progress.written_bytes >= MIN_BYTES:
                self._progress[stream] = Progress(stream.written_bytes, now)
            elif now - progress.at > self._deadline_seconds:
                self._losses.count(STALLED_RESPONSES, f"less than {MIN_BYTES} bytes in {self._deadline_seconds:g} s")
                stream.close()
