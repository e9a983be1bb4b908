"""A tiny process of framebus for the tests: `python -m tests.framebus.program DEED` does one thing in its body."""

import argparse
import gc
import logging
import os
import select
import signal
import subprocess
import sys
import time

from framebus.config.load import Config
from framebus.runtime.command_line import arguments
from framebus.runtime.process import ProcessError, Stop, run
from framebus.runtime.run_dir import Lock

PAUSE_SECONDS = 1.0
"""Shorter than in earnest, long enough to be told from none."""

logger = logging.getLogger("program")


def wait(config: Config, stop: Stop) -> None:
    """Be an orderly process."""
    logger.info("ready")
    select.select([stop], [], [])


def hang(config: Config, stop: Stop) -> None:
    """Be asked to stop, and do not."""
    wait(config, stop)
    logger.info("asked")
    while True:
        time.sleep(60)


def lock(config: Config, stop: Stop) -> None:
    """Own the endpoint of camera front."""
    held = Lock(config.run_dir, "front")
    wait(config, stop)
    held.close()


def fail(config: Config, stop: Stop) -> None:
    """Be unable to go on."""
    raise ProcessError("the camera is gone; is the cable in?")


def fail_late(config: Config, stop: Stop) -> None:
    """Be unable to go on; `main` makes the pause long."""
    fail(config, stop)


def crash(config: Config, stop: Stop) -> None:
    """Have a bug."""
    raise ZeroDivisionError("of our own\nmaking")


def speak(config: Config, stop: Stop) -> None:
    """Say something long."""
    logger.warning("one\ntwo\n\nthree")


def touch(config: Config, stop: Stop) -> None:
    """Make a file, as a socket is made."""
    (config.run_dir / "touched").touch()


class Garbage:
    """Only the garbage collector finds it."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        os.write(1, b"collected\n")


def leave_garbage(config: Config, stop: Stop) -> None:
    """End at once, with garbage."""
    gc.collect()  # so that the next turn of the collector is the one at the end of Python
    Garbage()


def parent(deed: str, config_path: str) -> None:
    """Be what supervisord is to its children."""
    command = [sys.executable, "-W", "error", "-m", "tests.framebus.program", deed, "--config", config_path]
    child = subprocess.Popen(command)
    print(f"child {child.pid}", flush=True)
    signal.pause()


def main() -> int:
    """Do the deed."""
    parser = arguments("program", "For tests.")
    parser.add_argument("deed")
    parser.add_argument("--parent", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parent:
        parent(options.deed, options.config)
    pause_seconds = 600.0 if options.deed == "fail_late" else PAUSE_SECONDS
    return run("program", options.config, globals()[options.deed], pause_seconds)


if __name__ == "__main__":
    sys.exit(main())
