"""Ends a process that hangs: the kernel kills it when its loop has not run for too long.

An alarm whose signal has no handler needs no thread, no lock and no Python: it works when the interpreter itself hangs.
supervisord then starts the process again.
"""

import signal
import time

FEEDS = 10
"""How often the timer is set in the time that it runs. A loop has many more turns: setting it is a system call."""
BLOCKED_SECONDS = 10.0
"""No turn of any loop takes a tenth of this, on the smallest machine."""


class Watchdog:
    """One for the process. It sleeps until it is woken, and then watches from the first `feed` on."""

    def __init__(self, seconds: float = BLOCKED_SECONDS) -> None:
        """`seconds` without a `feed`, or up to a tenth more, and the process ends by SIGALRM."""
        self._seconds = seconds
        self._due = float("-inf")
        self._awake = False

    def wake(self) -> None:
        """Watch from now on; to be called by a process that has its main thread and its signals for itself."""
        self._awake = True

    def feed(self) -> None:
        """Report that the loop runs; restarts the time."""
        now = time.monotonic()
        if self._awake and now >= self._due:
            self._due = now + self._seconds / FEEDS
            signal.setitimer(signal.ITIMER_REAL, self._seconds + self._seconds / FEEDS)
