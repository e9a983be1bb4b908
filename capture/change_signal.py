"""Wakes the loop of capture.server when something has changed in the thread that reads the camera."""

import contextlib
import os


class ChangeSignal:
    """Its descriptor is readable after `notify`, until the next `clear`."""

    def __init__(self) -> None:
        """Begin without a change. The descriptor stays open until the process ends."""
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable when something has changed."""
        return self._event

    def notify(self) -> None:
        """Say that something has changed. For any thread."""
        os.eventfd_write(self._event, 1)

    def clear(self) -> None:
        """Note that the changes so far are known."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._event)
