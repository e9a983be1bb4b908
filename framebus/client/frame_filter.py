"""Which messages of one topic are new frames. No sockets: the subscribers own those."""

from collections.abc import Callable
from logging import getLogger

from framebus.protocol.frame import Frame
from framebus.protocol.frame_view import FrameView, view
from framebus.protocol.jpeg import EOI, SOI
from framebus.protocol.wire import FrameHeader, WireError
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = getLogger("framebus")

CLOCK_SLACK_SECONDS = 1.0
"""A driver may time a frame by the moment at which it will be complete."""


class FrameFilter:
    """Takes each message of a topic, and returns a frame when it is newer than the last one.

    capture sends its newest frame again to all subscribers whenever one subscribes; such a repeat is ignored.
    """

    def __init__(self, *, same_host: bool = True, now: Callable[[], float] = host_monotonic) -> None:
        """`now` is CLOCK_MONOTONIC in seconds; `same_host` says whether the camera uses the same clock."""
        self.missed = 0
        """Frames published but not handed over, since the start."""
        self.losses = RateLimitedLog(logger)
        self._same_host = same_host
        self._now = now
        self._epoch: str | None = None
        self._seq = 0

    def accept(self, message: bytes | memoryview) -> Frame | None:
        """The frame in this message, a copy; None for what `view` returns None for."""
        found = self.view(message)
        if found is None:
            return None
        return Frame(found.header, bytes(found.jpeg), found.missed, self._same_host, found.header_json)

    def view(self, message: bytes | memoryview) -> FrameView | None:
        """The frame in this message; None for a repeat, an older frame, or a malformed message, which is counted."""
        try:
            found = view(message)
            header = found.header
            self._check(header, found.jpeg)
        except WireError as error:
            self.losses.count("malformed messages dropped", str(error))
            return None
        missed = 0
        if header.epoch == self._epoch:
            if header.seq <= self._seq:
                return None
            missed = header.seq - self._seq - 1
        self._epoch, self._seq = header.epoch, header.seq
        self.missed += missed
        found.missed = missed
        return found

    def _check(self, header: FrameHeader, body: memoryview) -> None:
        """Raises WireError for an incomplete JPEG, and for a frame from the future, which would look fresh for ever."""
        if bytes(body[:2]) != SOI:
            raise WireError(f"frame of {len(body)} bytes that begin with {body[:2].hex() or 'nothing'}, expected ffd8")
        if bytes(body[-2:]) != EOI:
            raise WireError(f"frame of {len(body)} bytes that end with {body[-2:].hex()}, expected ffd9")
        ahead = header.monotonic - self._now()
        if self._same_host and ahead > CLOCK_SLACK_SECONDS:
            raise WireError(f"frame captured {ahead:.0f} s from now")
