"""Whether a path is a file to be played, before FFmpeg sees it."""

import errno
import os
import stat
from pathlib import Path

from capture.media import reasons
from capture.source import SourceError


def check_file(path: Path, name: str) -> None:
    """FFmpeg would take a folder or a pipe as well, and waits for a pipe for ever."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SourceError(reasons.no_file(name, "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"))
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        raise SourceError(reasons.unreadable_file(name, error)) from None
    except ValueError:  # a NUL in the path
        raise SourceError(reasons.unreadable_file(name, FileNotFoundError(errno.ENOENT, ""))) from None
