"""Tells whether systemd repeats a start that was refused, or a person asks for one: a file says when the last one was.

systemd tells a service nothing of the kind. The file lies in StateDirectory=, as systemd empties RuntimeDirectory=
between two starts.
"""

import contextlib
import time
from pathlib import Path

FILE_NAME = "refused"
REPEATED_WITHIN_SECONDS = 30.0
"""Longer than RestartSec=2 of framebus.service and the start of Python take on a slow machine."""


def is_repeated(folder: Path, now: float | None = None) -> bool:
    """Whether a refused start ended just before this one, which is then noted no more.

    A start that a person asks for while this one waits is thus none that is repeated.

    Args:
        folder: The folder that `note` was called with.
        now: Seconds of the clock of the system; default: its time.
    """
    file = folder / FILE_NAME
    try:
        ended = file.stat().st_mtime
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return abs((time.time() if now is None else now) - ended) < REPEATED_WITHIN_SECONDS


def note(folder: Path) -> bool:
    """Note that a start is refused now. Returns whether that was possible."""
    with contextlib.suppress(OSError):
        (folder / FILE_NAME).touch(mode=0o600)
        return True
    return False
