"""Keeps a second `install` or `uninstall` from changing this machine at the same time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from framebus.installation.step import InstallationError

FILE = Path("/run/framebus-install.lock")
"""In a folder that only root may write to; it is empty after each boot."""


@contextlib.contextmanager
def locked(file: Path = FILE) -> Iterator[None]:
    """Hold the lock while the block runs; the kernel releases it however the process ends.

    Raises InstallationError where another process holds it, or the file cannot be opened.
    """
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InstallationError(f"{file} cannot be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationError("another framebus install or uninstall is running; wait until it ends") from None
        yield
    finally:
        os.close(descriptor)
