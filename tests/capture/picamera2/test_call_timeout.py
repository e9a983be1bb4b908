"""A call that hangs is given up, and the process with it; one that ends is as if it had been called directly.

In processes of their own: the tests' own limit is an alarm as well.
"""

import signal
import subprocess
import threading
import time

import pytest

from capture.picamera2 import call_timeout
from capture.picamera2.call_timeout import call_with_timeout, given_up
from capture.source import SourceStuck
from tests.capture.picamera2.pi_camera import PiCamera
from tests.processes import DEADLINE_SECONDS, python


def ending() -> tuple[int, str, int]:
    returned = call_with_timeout(DEADLINE_SECONDS, lambda: 42, "it hangs")
    try:
        call_with_timeout(DEADLINE_SECONDS, lambda: int("no number"), "it hangs")
    except ValueError as error:
        return returned, str(error), signal.alarm(0)
    return returned, "", 0


def test_what_it_returns_and_raises(pi_camera: PiCamera) -> None:
    assert pi_camera.run(ending) == (42, "invalid literal for int() with base 10: 'no number'", 0)


def hanging() -> tuple[str, int]:
    try:
        call_with_timeout(0.05, threading.Event().wait, "it hangs")
    except SourceStuck as error:
        return str(error), signal.alarm(0)
    return "", 0


def test_one_that_hangs(pi_camera: PiCamera) -> None:
    assert pi_camera.run(hanging) == ("it hangs", call_timeout.EXIT_SECONDS)


def main() -> None:
    """A process that does not end by itself after giving up."""
    call_timeout.EXIT_SECONDS = 1
    given_up("it hangs")
    time.sleep(DEADLINE_SECONDS)


@pytest.mark.slow
def test_the_process_ends_whatever_hangs_at_its_end() -> None:
    process = subprocess.run(python("tests.capture.picamera2.test_call_timeout"), timeout=DEADLINE_SECONDS)
    assert process.returncode == -signal.SIGALRM


if __name__ == "__main__":
    main()
