"""A slot for one frame between the reader thread and the loop that sends."""

import os
import threading
from collections.abc import Callable

from framebus.publishing.frame_builder import Published

POLL_SECONDS = 0.1
"""How often a frame that waits for room looks whether the process ends."""


class FrameSlot:
    """Holds one frame. Its descriptor is readable after `put` and `notify`, until the next `take`."""

    def __init__(self) -> None:
        """Begin empty. The descriptor stays open until the process ends."""
        self._frame: Published | None = None
        self._emptied = threading.Condition()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable when `take` should be called."""
        return self._event

    def put(self, frame: Published, ended: Callable[[], bool]) -> None:
        """Wait until the frame before was taken, so that no number is skipped, and put this one in its place.

        Args:
            frame: the frame.
            ended: whether no frames are sent any more; the wait ends then.
        """
        with self._emptied:
            while self._frame is not None and not ended():
                self._emptied.wait(POLL_SECONDS)
            self._frame = frame
        self.notify()

    def take(self) -> Published | None:
        """Remove the frame and return it; None where there is none. Raises BlockingIOError where there is no news."""
        os.eventfd_read(self._event)
        with self._emptied:
            frame, self._frame = self._frame, None
            self._emptied.notify()
        return frame

    def notify(self) -> None:
        """Make the descriptor readable: something else than the frame has changed."""
        os.eventfd_write(self._event, 1)
