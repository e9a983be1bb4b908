"""Real processes of framebus under test: started, watched through their log, and gone at the end of the test."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

DEADLINE_SECONDS = 30.0
"""No test waits for anything for longer; what it waits for takes a second or two on a quiet machine."""


def wait_until(true: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Ask again and again; fails, saying what did not happen, at the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether no such process runs any more; a zombie counts as gone.

    An orphan stays one where the first process of the namespace waits for none, as in a container.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end while it is read
        return True


class Running:
    """A command and its output. `close` ends it and whatever it has started."""

    def __init__(self, *command: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self.process.pid

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until the log holds the text, so many times."""
        wait_until(
            lambda: self.log.count(text) >= times or self.process.poll() is not None,
            f"{text!r} in the log:\n{self.log}",
        )
        assert self.log.count(text) >= times, f"ended with {self.process.returncode}, without {text!r}:\n{self.log}"

    def ended(self, seconds: float = DEADLINE_SECONDS) -> int:
        """Wait for the end by itself; returns the exit status."""
        return self.process.wait(seconds)

    def terminate(self) -> int:
        """Ask it to end, and wait until it has; returns the exit status."""
        self.process.terminate()
        return self.ended()

    def close(self) -> None:
        """Leave nothing of it behind."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def python(*arguments: str) -> tuple[str, ...]:
    """A command for this Python, in which a warning is an error as in the tests themselves."""
    return (sys.executable, "-W", "error", "-m", *arguments)
