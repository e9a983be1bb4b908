"""Holds the newest frame for a reader that has not come for it yet, and counts those that it replaces. No threads."""

from collections.abc import Callable

import msgspec

from framebus.protocol.frame import Frame


class FrameBox:
    """Has room for one frame. Its owner calls it under a lock, or from one thread."""

    def __init__(self, too_old: Callable[[Frame], bool]) -> None:
        """`too_old` says whether the reader does not want a frame any more."""
        self.skipped = 0
        """Frames that were replaced or too old, since the start."""
        self._too_old = too_old
        self._newest: Frame | None = None
        self._passed_over = 0
        """Frames skipped since the last one taken, reported with the next one."""

    @property
    def is_full(self) -> bool:
        """Whether a frame waits."""
        return self._newest is not None

    def put(self, frame: Frame) -> None:
        """Take a frame in, in place of the one that waits."""
        if self._newest is not None:
            self._pass_over(self._newest)
        self._newest, self._passed_over = msgspec.structs.replace(frame, missed=frame.missed + self._passed_over), 0

    def take(self) -> Frame | None:
        """The frame that waits; None where there is none, or where it has become too old."""
        frame, self._newest = self._newest, None
        if frame is not None and self._too_old(frame):
            self._pass_over(frame)
            return None
        return frame

    def clear(self) -> None:
        """Forget the frame that waits."""
        self._newest = None

    def _pass_over(self, frame: Frame) -> None:
        self.skipped += 1
        self._passed_over += frame.missed + 1
