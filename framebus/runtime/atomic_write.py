"""Files that are there whole or not at all, whoever reads them and whenever the power goes."""

import os
import tempfile
from pathlib import Path

READABLE = 0o666
"""What a new file may be, before the umask: mkstemp makes it for its owner alone."""
PRIVATE = 0o600
"""For its owner alone."""


def write_atomically(path: Path, content: bytes, mode: int = READABLE, *, lasting: bool = False) -> None:
    """Write a file so that nobody ever sees half of it. Raises OSError, and leaves nothing behind then.

    What is there already and is no file, such as /dev/null, is written to and stays what it is. `mode` is cut down by
    the umask. `lasting` waits until the disk has it: the loss of power right after does not lose it.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(descriptor, mode & ~umask)
            if lasting:
                file.flush()
                os.fsync(descriptor)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
