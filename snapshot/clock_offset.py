"""When another machine's frames were captured, by our clock. No sockets."""

import msgspec

from framebus.protocol.wire import FrameHeader

WINDOW_SECONDS = 60.0
"""The offset is that of the fastest frame of the last one or two windows. Clocks drift apart by about 0.1 ms/s."""


class ClockOffset:
    """Estimates the offset between CLOCK_MONOTONIC of another machine and ours.

    The arrival of a frame minus its `published` is the offset plus the time on the way, so the smallest one seen is the
    nearest. Its error is the time on the way of the fastest frame. A first frame that was sent again counts as up to
    two seconds younger than it is, until the next one comes.
    """

    def __init__(self) -> None:
        self._epoch: str | None = None
        self._since = 0.0
        self._minimum = self._previous_minimum = float("inf")

    def to_local(self, header: FrameHeader, arrived: float) -> FrameHeader:
        """Return the header with `monotonic` and `published` by our clock.

        Args:
            header: as it came.
            arrived: when it came, by our CLOCK_MONOTONIC, in seconds.
        """
        if header.epoch != self._epoch:  # another machine, or the same one after a restart
            self._epoch, self._since = header.epoch, arrived
            self._minimum = self._previous_minimum = float("inf")
        elif arrived - self._since > WINDOW_SECONDS:
            self._since = arrived
            self._previous_minimum, self._minimum = self._minimum, float("inf")
        self._minimum = min(self._minimum, arrived - header.published)
        offset = min(self._minimum, self._previous_minimum)
        return msgspec.structs.replace(
            header,
            monotonic=min(arrived, header.monotonic + offset),
            published=min(arrived, header.published + offset),
        )
