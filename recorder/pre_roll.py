"""The last seconds of a camera in memory, for what came before an event. Pure."""

from collections import deque

from recorder.incoming_frame import IncomingFrame

MB = 1_000_000


class PreRoll:
    """Holds the newest frames, bounded by time and by memory."""

    def __init__(self, seconds: float, max_mb: float) -> None:
        """Hold so many seconds, or fewer where they take more memory than this."""
        self._seconds = seconds
        self._max_bytes = max_mb * MB
        self._frames: deque[IncomingFrame] = deque()
        self.bytes = 0
        """What the frames take."""

    def add(self, frame: IncomingFrame) -> None:
        """Take the newest frame, and forget the oldest ones beyond the bounds."""
        if self._frames and frame.header.monotonic < self._frames[-1].header.monotonic:
            self.clear()  # the camera's machine was started again
        self._frames.append(frame)
        self.bytes += frame.size
        oldest = frame.header.monotonic - self._seconds
        while self._frames and (self._frames[0].header.monotonic < oldest or self.bytes > self._max_bytes):
            self.bytes -= self._frames.popleft().size

    def since(self, monotonic: float) -> list[IncomingFrame]:
        """The frames captured at or after a moment of the camera's CLOCK_MONOTONIC, in order."""
        return [frame for frame in self._frames if frame.header.monotonic >= monotonic]

    def last(self, seconds: float) -> list[IncomingFrame]:
        """The frames of the last seconds before the newest one, and that."""
        return self.since(self._frames[-1].header.monotonic - seconds) if self._frames else []

    def clear(self) -> None:
        """Forget all."""
        self._frames.clear()
        self.bytes = 0
