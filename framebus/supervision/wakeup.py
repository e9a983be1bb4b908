"""Wakes supervisord's loop at each signal, and when its next turn has something to do: else it waits up to a second."""

import contextlib
import os
import signal


class Wakeup:
    """What supervisord takes for a dispatcher of its poller. Closed by the end of the process."""

    def __init__(self) -> None:
        """Let Python write a byte at each signal (signal.set_wakeup_fd). The first turn of the loop does not wait."""
        self.descriptor, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self.wake()

    def wake(self) -> None:
        """Let the next turn of the loop begin at once."""
        with contextlib.suppress(BlockingIOError):  # full: it wakes anyway
            os.write(self._writer, b"!")

    def readable(self) -> bool:
        """Called by supervisord."""
        return True

    def writable(self) -> bool:
        """Called by supervisord."""
        return False

    def handle_read_event(self) -> None:
        """Called by supervisord."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 4096)

    def handle_error(self) -> None:
        """Called by supervisord after an exception."""
