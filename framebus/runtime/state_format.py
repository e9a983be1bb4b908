"""The version of the format in which state_dir is written, so that an older framebus does not misread a newer one's."""

import contextlib
from pathlib import Path

from framebus.runtime.atomic_write import PRIVATE, write_atomically
from framebus.runtime.run_dir import RunDirError

FORMAT = 1
"""Raised when a file of state_dir changes so that an earlier version of framebus would misread it."""
FILE_NAME = "format"


def check_state_format(state_dir: Path) -> None:
    """Note the format in state_dir, or check it.

    A folder that cannot be written is left alone: the processes say so when they have something to store.

    Raises:
        RunDirError: A newer framebus wrote the folder.
    """
    file = state_dir / FILE_NAME
    with contextlib.suppress(OSError, ValueError):
        found = int(file.read_text("ascii")[:20])
        if found > FORMAT:
            raise RunDirError(
                f"state_dir {state_dir} was written by a newer framebus (format {found}); allowed: up to {FORMAT}. "
                "Install that version again, or name another state_dir in framebus.toml"
            )
        if found == FORMAT:
            return
    with contextlib.suppress(OSError):
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(file, f"{FORMAT}\n".encode(), PRIVATE)
