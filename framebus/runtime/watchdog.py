"""Ends a process that hangs: the kernel kills it when its loop has not run for too long.

An alarm whose signal has no handler needs no thread, no lock and no Python: it works when the interpreter itself hangs.
supervisord then starts the process again.
"""

import signal

BLOCKED_SECONDS = 10.0
"""No turn of any loop takes a tenth of this, on the smallest machine."""


class Watchdog:
    """One for the process. It sleeps until it is woken, and then watches from the first `feed` on."""

    def __init__(self, seconds: float = BLOCKED_SECONDS) -> None:
        """`seconds` without a `feed`, and the process ends by SIGALRM."""
        self._seconds = seconds
        self._awake = False

    def wake(self) -> None:
        """Watch from now on; to be called by a process that has its main thread and its signals for itself."""
        self._awake = True

    def feed(self) -> None:
        """Report that the loop runs; restarts the time."""
        if self._awake:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
