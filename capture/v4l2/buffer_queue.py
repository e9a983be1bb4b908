"""The driver's buffers, read so that only the newest frame is handed over, whatever its format.

A driver fills its buffers in turn and stops once all are full: what lies in them then is as old as that moment.
"""

import time

import msgspec

from capture.v4l2.device import Filled, V4l2Device

STALE_PERIODS = 2
"""A frame that is older than this many frame periods, beyond what the camera takes anyhow, is not handed over."""
SEQUENCES = 1 << 32
"""v4l2_buffer.sequence is an unsigned number of 32 bits."""
ARRIVED_PERIODS = 0.25
"""A frame that is taken so soon after it was waited for shows what the camera takes, and buffers that were empty so
recently are taken to be still."""
LAG_PERIODS = 10
"""A time stamp that lies further back than this many frame periods when the frame arrives is not believed: a driver has
no room for so many frames. One that is less than LEAST_LAG_SECONDS back is believed at any rate."""
LEAST_LAG_SECONDS = 2.0
LAGS_IN_A_ROW = 3
"""One such time stamp may mean that this process was stopped for a while; three mean that the driver's clock is off."""


class Frame(msgspec.Struct, frozen=True):
    """What was in a buffer; the buffer itself is with the driver again."""

    data: bytes
    monotonic: float
    """CLOCK_MONOTONIC seconds: the driver's time of the frame, or when it was fetched."""


class BufferQueue:
    """Reads a streaming device. The caller closes the device."""

    def __init__(self, device: V4l2Device, period_seconds: float, least_bytes: int) -> None:
        """Begin to read a device that streams.

        Args:
            device: the device.
            period_seconds: the frame period.
            least_bytes: how many bytes a complete frame has at least.
        """
        self.lost = 0
        """Frames that the driver dropped or that were bad, except for those that were not wanted."""
        self.clock_lag = 0.0
        """Seconds by which the driver's time stamps lie back where they are not believed any more; else 0."""
        self.flaw = ""
        """What is wrong with the newest frames; empty once a good one came."""
        self._device = device
        self._buffers = range(device.buffer_count)
        self._arrived_seconds = ARRIVED_PERIODS * period_seconds
        self._stale_seconds = STALE_PERIODS * period_seconds
        self._most_lag = max(LEAST_LAG_SECONDS, LAG_PERIODS * period_seconds)
        self._least_bytes = least_bytes
        self._latency = 0.0
        self._lags = 0
        self._newest_timestamp = 0.0
        self._bad_in_a_row = 0
        self._emptied_at = time.monotonic()
        self._next_sequence: int | None = None
        self._unwanted = False
        self._arrived_at = float("-inf")
        """When the last frame came for which `wait` has waited."""

    def unwanted(self) -> None:
        """Say that until the next frame some are left out on purpose: the gap that this makes is no loss."""
        self._unwanted = True

    def wait(self, limit_seconds: float) -> bool:
        """Wait until there is a frame to take; returns whether there is.

        Raises OSError when the device is gone.
        """
        was_empty = time.monotonic() - self._emptied_at < self._arrived_seconds
        if not was_empty and self._device.wait(0):
            return True
        has_arrived = self._device.wait(limit_seconds)
        if has_arrived:
            self._arrived_at = time.monotonic()
        return has_arrived

    def take(self, limit_seconds: float) -> Frame | None:
        """Take the newest frame if it is fresh, else the next one.

        Args:
            limit_seconds: how long to wait for it.

        Returns:
            The frame; None when it does not come in time.

        Raises:
            OSError: the device is gone.
        """
        now = time.monotonic()
        deadline = now + limit_seconds
        has_arrived = now - self._arrived_at < self._arrived_seconds
        filled = self._waited_for() if has_arrived else self._there_already()
        while filled is None:
            left = deadline - time.monotonic()
            if left <= 0 or not self._device.wait(left):
                return None
            filled = self._waited_for()
        return self._copied(filled)

    def take_all(self, limit_seconds: float) -> list[Frame]:
        """Take every good frame in order, for formats in which each frame needs those before it.

        Args:
            limit_seconds: how long to wait for the first.

        Returns:
            The frames, the oldest first; none when none came in time.

        Raises:
            OSError: the device is gone.
        """
        frames = []
        if self._device.wait(limit_seconds):
            for _ in self._buffers:
                filled = self._device.dequeue()
                if filled is None:
                    break
                if self._count(filled):
                    frames.append(self._copied(self._believed(filled)))
                else:
                    self._device.enqueue(filled.index)
        return frames

    def _believed(self, filled: Filled) -> Filled:
        """The same buffer, without its time stamp where that lies too far back."""
        if filled.timestamp is None or not self._lags_behind(filled.dequeued, filled.timestamp):
            return filled
        return msgspec.structs.replace(filled, timestamp=None)

    def _lags_behind(self, dequeued: float, timestamp: float) -> bool:
        """Whether a time stamp lies too far back to be believed; after some in a row, the driver's clock is off.

        A time stamp that stands still is no clock: the driver repeats an old frame, as v4l2loopback does.
        """
        lag = dequeued - timestamp
        advances, self._newest_timestamp = timestamp > self._newest_timestamp, timestamp
        if lag <= self._most_lag:
            self._lags = 0
            return False
        self._lags = self._lags + 1 if advances else 0
        self.flaw = "" if advances else f"the driver repeats a frame that is {lag:.0f} s old"
        if self._lags >= LAGS_IN_A_ROW:
            self.clock_lag, self._latency = lag, 0.0
        return True

    def _there_already(self) -> Filled | None:
        """The newest frame that was there already, if it is fresh."""
        if not self._device.wait(0):
            self._emptied_at = time.monotonic()
            return None
        emptied_at = self._emptied_at
        filled = self._newest()
        if filled is not None and self._is_stale(filled, emptied_at):
            self._device.enqueue(filled.index)
            return None
        return filled

    def _waited_for(self) -> Filled | None:
        """The newest frame after one has arrived, from whose time stamp the camera's latency is seen."""
        filled = self._newest()
        if filled is None or filled.timestamp is None:
            return filled
        if not self._lags_behind(filled.dequeued, filled.timestamp):
            self._latency = filled.dequeued - filled.timestamp
            return filled
        if self.clock_lag:
            return msgspec.structs.replace(filled, timestamp=None)
        self._device.enqueue(filled.index)  # it is old, or its clock is off: the next frames will tell
        return None

    def _newest(self) -> Filled | None:
        """Empty the queue, in which there is a frame; all but the newest good one go back at once."""
        newest = None
        for _ in self._buffers:
            filled = self._device.dequeue()
            if filled is None:
                break
            if self.clock_lag:
                filled = msgspec.structs.replace(filled, timestamp=None)
            if self._count(filled):
                newest, filled = filled, newest
            if filled is not None:
                self._device.enqueue(filled.index)
            if not self._device.wait(0):
                break
        self._emptied_at = time.monotonic()
        return newest

    def _count(self, filled: Filled) -> bool:
        """Count what was lost before this frame, and this frame if it is bad; returns whether it is good."""
        if filled.sequence != self._next_sequence:
            self._count_missing(filled.sequence)
        self._next_sequence = (filled.sequence + 1) % SEQUENCES
        if filled.failed or filled.bytes_used < self._least_bytes:
            self._count_bad(filled)
            return False
        self._bad_in_a_row, self.flaw = 0, ""
        return True

    def _count_missing(self, sequence: int) -> None:
        if self._next_sequence is None or self._unwanted:
            return
        missing = (sequence - self._next_sequence) % SEQUENCES
        if missing < SEQUENCES // 2:  # else it went back: some drivers do not count at all
            self.lost += missing

    def _count_bad(self, filled: Filled) -> None:
        self.lost += 1
        self._bad_in_a_row += 1
        if filled.failed:
            self.flaw = f"the driver marked the last {self._bad_in_a_row} frames as damaged"
        else:
            got = f"{filled.bytes_used} bytes instead of {self._least_bytes}"
            self.flaw = f"the last {self._bad_in_a_row} frames were incomplete ({got})"

    def _is_stale(self, filled: Filled, emptied_at: float) -> bool:
        """Whether a frame that was there already when we looked is too old.

        A camera's frames are never younger than its own latency, which was seen when one was waited for. Without a
        time from the driver all that is known is that the frame came after the queue was last empty.
        """
        oldest = filled.timestamp if filled.timestamp is not None else emptied_at
        return filled.dequeued - oldest > self._latency + self._stale_seconds

    def _copied(self, filled: Filled) -> Frame:
        try:
            data = self._device.data(filled)
        finally:
            self._device.enqueue(filled.index)
        if self._unwanted:
            self._unwanted = False
            self._next_sequence = None
        return Frame(data, filled.dequeued if filled.timestamp is None else filled.timestamp)
