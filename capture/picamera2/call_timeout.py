"""A call into picamera2 that may never return, given a limit. What to do then is decided here: the process has to end.

libcamera hangs in the kernel when a sensor fails at the wrong moment, and Python can end no thread.
"""

import signal
import threading
from collections.abc import Callable
from typing import TypeVar

from capture.source import SourceStuck

EXIT_SECONDS = 8
"""The process has so long to end in order, of which framebus.runtime.process pauses for 3."""

T = TypeVar("T")


def call_with_timeout(seconds: float, call: Callable[[], T], reason: str) -> T:
    """What `call` returns or raises, run in a thread of its own.

    Raises SourceStuck with the reason when it has not ended in time.
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
        raise given_up(reason)
    if raised:
        raise raised[0]
    return returned[0]


def given_up(reason: str) -> SourceStuck:
    """The exception to be raised when nothing but a new process can help.

    If need be the kernel ends this one, EXIT_SECONDS later: what the library does at exit may hang as well.
    """
    signal.alarm(EXIT_SECONDS)
    return SourceStuck(reason)
