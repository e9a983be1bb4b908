"""When another machine's frames were taken, by our clock: its own clocks mean nothing here. No sockets."""

import msgspec

from framebus.protocol.wire import FrameHeader

WINDOW_SECONDS = 60.0
"""The fastest frame of the last one or two of these tells how far the clocks are apart, which drift by 0.1 ms/s."""


class ClockOffset:
    """Learns from each frame how far CLOCK_MONOTONIC of its machine is from ours.

    The difference between a frame's arrival and its `published` is that, and how long it was under way: so the least
    one seen is the nearest. What is left is how long the fastest frame took. A first frame that was sent again passes
    for up to two seconds younger than it is, until the next one comes.
    """

    def __init__(self) -> None:
        self._epoch: str | None = None
        self._since = 0.0
        self._least = self._least_before = float("inf")

    def here(self, header: FrameHeader, arrived: float) -> FrameHeader:
        """The header with `monotonic` and `published` by our clock; `arrived` is by ours, in seconds."""
        if header.epoch != self._epoch:  # it may be another machine, or the same after a restart
            self._epoch, self._since = header.epoch, arrived
            self._least = self._least_before = float("inf")
        elif arrived - self._since > WINDOW_SECONDS:
            self._since = arrived
            self._least_before, self._least = self._least, float("inf")
        self._least = min(self._least, arrived - header.published)
        apart = min(self._least, self._least_before)
        return msgspec.structs.replace(
            header,
            monotonic=min(arrived, header.monotonic + apart),
            published=min(arrived, header.published + apart),
        )
