"""Runs framebus.supervision.check for supervisord, without waiting for it."""

import contextlib
import json
import os
import signal
import sys
import time

MAX_OUTPUT_BYTES = 1 << 20
DEADLINE_SECONDS = 60.0
"""The check takes about a second on a Pi Zero; a file on a network drive that is gone may hang."""


class Checking:
    """One run. It is what supervisord takes for a process (`finish`) and for a dispatcher of its poller."""

    def __init__(self) -> None:
        """Start it. Raises OSError."""
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(writer, True)
        self.descriptor = reader
        self._output = b""
        self._deadline = time.monotonic() + DEADLINE_SECONDS
        self._status: int | None = None
        self._ended = False
        command = [sys.executable, "-P", "-m", "framebus.supervision.check"]
        try:
            self.pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
        except OSError:
            os.close(reader)
            raise
        finally:
            os.close(writer)

    def answer(self) -> dict[str, list[str]] | None:
        """What it has printed once it has ended; None before that."""
        if self._status is None:
            if time.monotonic() > self._deadline:
                self.kill()
            return None
        self._read()
        self.close()
        try:
            found = json.loads(self._output)
            if isinstance(found, dict):
                return found
        except ValueError:
            pass
        return {"mistakes": ["the check of the configuration ended without an answer; the log may say why"]}

    def kill(self) -> None:
        """End it, unless it has ended."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def finish(self, pid: int, status: int) -> None:
        """Called by supervisord when it has ended."""
        self._status = status

    def readable(self) -> bool:
        """Called by supervisord."""
        return not self._ended

    def writable(self) -> bool:
        """Called by supervisord."""
        return False

    def handle_read_event(self) -> None:
        """Called by supervisord."""
        self._read()

    def handle_error(self) -> None:
        """Called by supervisord after an exception."""
        self._ended = True

    def close(self) -> None:
        """Close the pipe; may be called twice."""
        self._ended = True
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.descriptor >= 0 and not self._ended:
                piece = os.read(self.descriptor, 65536)
                self._output = (self._output + piece)[:MAX_OUTPUT_BYTES]
                self._ended = not piece
