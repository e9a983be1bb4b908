"""Calls into picamera2 with a time limit. After the limit, the process has to end.

libcamera hangs in the kernel when a sensor fails at the wrong moment, and Python can end no thread.
"""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from capture.source import SourceStuck
from framebus.runtime.process import EXIT_FAILED

EXIT_SECONDS = 8.0
"""The process has so long to end in order, of which framebus.runtime.process pauses for 3."""

T = TypeVar("T")


def call_with_timeout(seconds: float, call: Callable[[], T], reason: str, exit_seconds: float = EXIT_SECONDS) -> T:
    """Run a call in a thread of its own.

    Args:
        seconds: how long the call may take.
        call: what to run.
        reason: why the process has to end when the call takes longer.
        exit_seconds: as of `given_up`.

    Returns:
        What the call returned.

    Raises:
        SourceStuck: the call has not returned in time; the text is the reason.
        BaseException: whatever the call raised.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # whatever it is goes to the thread that waits for it
            raised.append(error)

    thread = threading.Thread(target=run, name="picamera2-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise given_up(reason, exit_seconds)
    if raised:
        raise raised[0]
    return returned[0]


def given_up(reason: str, exit_seconds: float = EXIT_SECONDS) -> SourceStuck:
    """Make the exception to raise when nothing but a new process can help, and see to it that this process ends.

    A thread ends the process should it still run by then: what the library does at exit may hang as well. It leaves
    the interval timer alone, which belongs to framebus.runtime.watchdog. That one ends a process in which Python itself
    hangs.

    Args:
        reason: why the process has to end.
        exit_seconds: how long it has to end in order.

    Returns:
        The exception.
    """
    timer = threading.Timer(exit_seconds, os._exit, (EXIT_FAILED,))
    timer.daemon = True
    timer.name = "exit-deadline"
    timer.start()
    return SourceStuck(reason)
