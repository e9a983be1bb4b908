"""The driver's buffers, read so that only the newest frame is ever handed over. Its meaning is left to v4l2.

A driver fills its buffers in turn and stops once all are full: what lies in them then is as old as that moment.
"""

import time
from dataclasses import dataclass

from capture.v4l2.device import Filled, V4l2Device

STALE_PERIODS = 2
"""A frame that is older than this many frame periods, beyond what the camera takes anyhow, is not handed over."""
SEQUENCES = 1 << 32
"""v4l2_buffer.sequence is an unsigned number of 32 bits."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What was in a buffer; the buffer itself is with the driver again."""

    data: bytes
    monotonic: float
    """CLOCK_MONOTONIC seconds: the driver's time of the frame, or when it was fetched."""


class BufferQueue:
    """Reads a streaming device. Whoever made the device closes it."""

    def __init__(self, device: V4l2Device, period_seconds: float, least_bytes: int) -> None:
        self.lost = 0
        """Frames that the driver dropped or that were bad, but for those that were not wanted."""
        self._device = device
        self._period = period_seconds
        self._least_bytes = least_bytes
        self._latency = 0.0
        self._emptied_at = time.monotonic()
        self._sequence: int | None = None
        self._unwanted = False

    def unwanted(self) -> None:
        """Say that until the next frame some are left out on purpose: the gap that this makes is no loss."""
        self._unwanted = True

    def take(self, limit_seconds: float) -> Frame | None:
        """The newest frame if it is fresh, else the next one; None when that does not come in time.

        Raises OSError when the device is gone.
        """
        deadline = time.monotonic() + limit_seconds
        emptied_at = self._emptied_at
        filled = self._newest()
        if filled is not None and self._is_stale(filled, emptied_at):
            self._device.enqueue(filled.index)
            filled = None
        while filled is None:
            left = deadline - time.monotonic()
            if left <= 0 or not self._device.wait(left):
                return None
            filled = self._newest()
            if filled is not None and filled.timestamp is not None:
                self._latency = filled.dequeued - filled.timestamp
        return self._copied(filled)

    def _newest(self) -> Filled | None:
        """Empty the queue; all but the newest whole frame goes back at once."""
        newest = None
        for _ in range(self._device.buffer_count):
            filled = self._device.dequeue()
            if filled is None:
                break
            if self._count(filled):
                newest, filled = filled, newest
            if filled is not None:
                self._device.enqueue(filled.index)
        self._emptied_at = time.monotonic()
        return newest

    def _count(self, filled: Filled) -> bool:
        """Count what was lost before this frame, and this frame if it is bad; returns whether it is whole."""
        if self._sequence is not None and not self._unwanted:
            missing = (filled.sequence - self._sequence - 1) % SEQUENCES
            if missing < SEQUENCES // 2:  # else it went back: some drivers do not count at all
                self.lost += missing
        self._sequence = filled.sequence
        whole = not filled.failed and filled.bytes_used >= self._least_bytes
        self.lost += not whole
        return whole

    def _is_stale(self, filled: Filled, emptied_at: float) -> bool:
        """Whether a frame that was there already when we looked is too old.

        A camera's frames are never younger than its own latency, which was seen when one was waited for. Without a
        time from the driver all that is known is that the frame came after the queue was last empty.
        """
        oldest = filled.timestamp if filled.timestamp is not None else emptied_at
        return filled.dequeued - oldest > self._latency + STALE_PERIODS * self._period

    def _copied(self, filled: Filled) -> Frame:
        try:
            data = self._device.data(filled)
        finally:
            self._device.enqueue(filled.index)
        if self._unwanted:
            self._unwanted = False
            self._sequence = None
        return Frame(data, filled.dequeued if filled.timestamp is None else filled.timestamp)
