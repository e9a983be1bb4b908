"""The copy of framebus.toml that the processes of `framebus up` read: the file as it was when it was checked.

A process that starts again reads this copy, so an unfinished edit of the user's file changes nothing until the next
`framebus reload` or `framebus up`. The last line of the copy names the original: error messages name that file, and
relative paths are relative to its folder.
"""

import json
import os
from pathlib import Path

FILE_NAME = "checked.toml"
"""In run_dir."""
ORIGINAL = "FRAMEBUS_ORIGINAL_CONFIG"
"""Environment: the original's path, empty for the built-in defaults; read in its place if the copy was deleted."""
MARK = "# framebus up made this copy of "


class Original:
    """What a copy was made of."""

    def __init__(self, path: Path | None, folder: Path) -> None:
        """Describe it.

        Args:
            path: the user's file; None for the built-in defaults.
            folder: what relative paths are relative to.
        """
        self.path = path
        self.folder = folder


def copy_of(content: bytes, original: Original) -> bytes:
    """The content of the copy."""
    names = [str(original.path) if original.path else None, str(original.folder)]
    return content.rstrip(b"\r\n") + f"\n{MARK}{json.dumps(names)}\n".encode()


def original_of(text: str) -> Original | None:
    """What this is a copy of; None for a file that is no copy."""
    mark, _, names = text.rstrip("\n").rpartition("\n")[2].partition(MARK)
    if mark or not names:
        return None
    try:
        path, folder = json.loads(names)
        return Original(Path(path) if path else None, Path(folder))
    except (TypeError, ValueError):
        return None


def existing(file: Path) -> Path | None:
    """The file; for a copy that was deleted, its original, which is None for the built-in defaults."""
    original = os.environ.get(ORIGINAL)
    if original is None or file.name != FILE_NAME or file.exists():
        return file
    return Path(original) if original else None
