"""Opens files that a person has named or written, and nothing that is no file: opening a pipe waits for its writer."""

import errno
import os
import stat
from pathlib import Path

FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class NotRegularFileError(OSError):
    """Something else than a file has that name."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EINVAL, f"found {kind}; allowed: a file", str(path))


def open_regular(path: Path) -> int:
    """Open a file for reading, without waiting.

    Args:
        path: The file. Symbolic links are followed.

    Returns:
        A descriptor; the caller closes it.

    Raises:
        NotRegularFileError: It is a folder, a device, a pipe or a socket.
        OSError: It is not there, or cannot be opened.
    """
    _check(path, os.stat(path).st_mode)  # first: opening a device may already do something
    descriptor = os.open(path, FLAGS)
    try:
        _check(path, os.fstat(descriptor).st_mode)  # again: it may have been replaced meanwhile
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: Path) -> bytes:
    """The content of a file. Raises what `open_regular` raises."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read()


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotRegularFileError(path, "a folder" if stat.S_ISDIR(mode) else "a device or a pipe")
