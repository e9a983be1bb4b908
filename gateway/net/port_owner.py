"""Which process listens on a TCP port, as far as the kernel tells this user."""

import os
import re
from pathlib import Path

LISTEN_STATE = "0A"
"""TCP_LISTEN in /proc/net/tcp (linux/tcp_states.h)."""


def owner_of_port(port: int, proc: Path = Path("/proc")) -> str | None:
    """Name the process that listens on a port.

    Args:
        port: of TCP, on any address.
        proc: where procfs is mounted.

    Returns:
        Such as "nginx (pid 812)"; None if there is none, or it is another user's.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        try:
            if any(os.readlink(descriptor) in sockets for descriptor in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
        except OSError:  # it has ended, or is another user's
            continue
    return None


def _listening_inodes(port: int, proc: Path) -> list[str]:
    inodes = []
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (proc / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if len(fields) > 9 and fields[3] == LISTEN_STATE and re.search(f":{port:04X}$", fields[1]):
                inodes.append(fields[9])
    return inodes
