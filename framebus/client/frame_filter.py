"""From the messages of one topic to the frames worth handing over. No sockets: those are the subscribers' part."""

import time
from collections.abc import Callable
from logging import getLogger

from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader, WireError, parse
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = getLogger("framebus")

SOI = b"\xff\xd8"
"""What every JPEG begins with: start of image (ITU-T T.81, annex B)."""
EOI = b"\xff\xd9"
"""And ends with: end of image."""
CLOCK_SLACK_SECONDS = 1.0
"""A camera's driver may time a frame by when it will be complete."""


class FrameFilter:
    """Judges each message: a frame newer than the last one, or nothing.

    capture sends its newest frame again whenever somebody subscribes, to everybody: such a repeat is passed over in
    silence.
    """

    def __init__(self, *, same_host: bool = True, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is CLOCK_MONOTONIC, in seconds; `same_host` says whether it is the camera's as well."""
        self.missed = 0
        """Frames published but never handed over, in all."""
        self.losses = RateLimitedLog(logger)
        self._same_host = same_host
        self._now = now
        self._epoch: str | None = None
        self._seq = 0

    def accept(self, message: bytes) -> Frame | None:
        """The frame in this message; None for a repeat, an older one, or what is no frame (counted)."""
        try:
            parts, header = parse(message, FrameHeader)
            self._check(header, parts.body)
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
        return Frame(header, parts.body, missed, self._same_host)

    def _check(self, header: FrameHeader, body: bytes) -> None:
        """Raises WireError for what capture never publishes: it would pass for a picture, or be fresh for ever."""
        if not body.startswith(SOI):
            raise WireError(f"frame of {len(body)} bytes that begin with {body[:2].hex() or 'nothing'}, expected ffd8")
        if not body.endswith(EOI):
            raise WireError(f"frame of {len(body)} bytes that end with {body[-2:].hex()}, expected ffd9")
        ahead = header.monotonic - self._now()
        if self._same_host and ahead > CLOCK_SLACK_SECONDS:
            raise WireError(f"frame captured {ahead:.0f} s from now")
