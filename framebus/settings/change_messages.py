"""What the gateway and the settings service of this machine say to each other: a line of JSON each.

The gateway sends a request, and gets an answer. If the running framebus refuses the changed file then, it sends UNDO
over the same connection, and gets a second answer. Closing the connection then keeps the change; closing it before
the answer takes it back.
"""

import errno
import os
import socket
import time
from pathlib import Path

import msgspec

from framebus.settings.change import Change

SOCKET = Path("/run/framebus-settings.sock")
"""As deploy/framebus-settings.socket has it."""
MAX_LINE_BYTES = 32 << 10
"""Eight keys of at most 2000 characters, escaped, fit."""
PART_BYTES = 4096
UNDO = b"undo"
REFUSED = "refused"
"""The code of an answer whose message has the mistakes of the changed file, a line each."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change, of the text that has this version (framebus.settings.config_file.version_of)."""

    change: Change
    version: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done."""

    code: str = ""
    """Of the SettingsError, or REFUSED; empty if the file was changed."""
    message: str = ""


class LineConnection:
    """Lines over a socket, each within a time and a size."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting = b""

    def receive(self, limit_seconds: float) -> bytes:
        """The next line, without its end.

        Raises:
            EOFError: The other side has closed the connection.
            OSError: The line is too long, it took too long (TimeoutError), or the connection is broken.
        """
        deadline = time.monotonic() + limit_seconds
        while b"\n" not in self._waiting:
            if len(self._waiting) > MAX_LINE_BYTES:
                raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self._connection.settimeout(remaining)
            received = self._connection.recv(PART_BYTES)
            if not received:
                raise EOFError
            self._waiting += received
        line, _, self._waiting = self._waiting.partition(b"\n")
        return line

    def send(self, line: bytes, limit_seconds: float) -> None:
        """Send a line. Raises OSError."""
        self._connection.settimeout(limit_seconds)
        self._connection.sendall(line + b"\n")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
