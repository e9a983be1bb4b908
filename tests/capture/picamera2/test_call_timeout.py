"""A call that hangs is given up, and the process with it; one that ends is as if it had been called directly.

In processes of their own, as the calls end them.
"""

import atexit
import signal
import subprocess
import sys
import threading
import time

import pytest

from capture.picamera2.call_timeout import call_with_timeout, given_up
from capture.source import SourceStuck
from framebus.runtime.process import EXIT_FAILED
from framebus.runtime.watchdog import Watchdog
from tests.capture.picamera2.pi_camera import PiCamera
from tests.processes import DEADLINE_SECONDS, python

DEADLINE_THREAD = "exit-deadline"


def has_deadline() -> bool:
    return any(thread.name == DEADLINE_THREAD for thread in threading.enumerate())


def ending() -> tuple[int, str, bool]:
    returned = call_with_timeout(DEADLINE_SECONDS, lambda: 42, "it hangs")
    try:
        call_with_timeout(DEADLINE_SECONDS, lambda: int("no number"), "it hangs")
    except ValueError as error:
        return returned, str(error), has_deadline()
    return returned, "", True


def test_what_it_returns_and_raises(pi_camera: PiCamera) -> None:
    assert pi_camera.run(ending) == (42, "invalid literal for int() with base 10: 'no number'", False)


def hanging() -> tuple[str, bool, float]:
    watchdog = Watchdog(100)
    watchdog.wake()
    watchdog.feed()
    try:
        call_with_timeout(0.05, threading.Event().wait, "it hangs")
    except SourceStuck as error:
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        return str(error), has_deadline(), left
    return "", False, 0


def test_one_that_hangs_leaves_the_watchdogs_timer_alone(pi_camera: PiCamera) -> None:
    reason, deadline, watchdog_left = pi_camera.run(hanging)
    assert (reason, deadline) == ("it hangs", True)
    assert watchdog_left > 90


def main(where: str) -> None:
    """A process that does not end by itself after giving up."""
    given_up("it hangs", exit_seconds=0.5)
    watchdog = Watchdog(100)
    watchdog.wake()
    watchdog.feed()  # a loop that goes on must not put off the end
    if where == "exit":
        atexit.register(time.sleep, DEADLINE_SECONDS)
    else:
        time.sleep(DEADLINE_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["loop", "exit"])
def test_the_process_ends_whatever_hangs(where: str) -> None:
    process = subprocess.run([*python("tests.capture.picamera2.test_call_timeout"), where], timeout=DEADLINE_SECONDS)
    assert process.returncode == EXIT_FAILED


if __name__ == "__main__":
    main(sys.argv[1])
