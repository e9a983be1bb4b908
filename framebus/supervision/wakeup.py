"""Wakes supervisord's loop at each signal: without it, a process that has ended is noticed up to a second later."""

import contextlib
import os
import signal


class Wakeup:
    """What supervisord takes for a dispatcher of its poller. Closed by the end of the process."""

    def __init__(self) -> None:
        """Let Python write a byte at each signal (signal.set_wakeup_fd)."""
        self.descriptor, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

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
