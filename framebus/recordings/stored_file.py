"""Opens a segment by the names of its camera, its day and itself, which may come from a URL, and nothing else."""

import os
import stat
from pathlib import Path

from framebus.protocol.wire import is_camera_name
from framebus.recordings.segment_name import SegmentName

FOLDER_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW
FILE_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""O_NONBLOCK: opening a FIFO would wait for its writer otherwise."""


def open_segment(folder: Path, camera: str, day: str, file: str) -> int:
    """Open a segment for reading.

    Neither a name nor a symbolic link below `folder` leads out of it: the names have to be those of a camera, a day
    and a segment, and no link is followed. `folder` itself may be a link.

    Returns:
        A descriptor; the caller closes it.

    Raises:
        FileNotFoundError: There is no such segment.
        OSError: It cannot be opened.
    """
    if not is_camera_name(camera) or SegmentName.parse(day, file) is None:
        raise FileNotFoundError(file)
    within = os.open(folder, FOLDER_FLAGS & ~os.O_NOFOLLOW)
    for name in (camera, day):
        within = _open_below(within, name, FOLDER_FLAGS)
    found = _open_below(within, file, FILE_FLAGS)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise FileNotFoundError(file)
    return found


def _open_below(within: int, name: str, flags: int) -> int:
    """Open a name in an open folder, which is closed then; a link counts as missing."""
    try:
        return os.open(name, flags, dir_fd=within)
    except OSError as error:
        if os.path.islink(f"/proc/self/fd/{within}/{name}"):  # ELOOP, or ENOTDIR where it had to be a folder
            raise FileNotFoundError(name) from error
        raise
    finally:
        os.close(within)
