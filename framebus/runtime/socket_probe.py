"""Whether a process listens at a Unix socket: its file outlives a process that was killed."""

import contextlib
import errno
import socket
from pathlib import Path


def is_served(path: Path) -> bool:
    """Whether connections to a socket file are accepted, now or as soon as its process has time. Never waits."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:  # such as of a path that is too long
        probe.setblocking(False)
        return probe.connect_ex(str(path)) in (0, errno.EAGAIN)  # the latter where many wait to be accepted
    return False
