"""How much memory this machine, or the control group of this process, has left."""

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


def available_bytes(proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """The memory that programs can still take without swapping or being ended.

    Args:
        proc: Where procfs is mounted.
        cgroups: Where version 2 of control groups is mounted.

    Returns:
        MemAvailable of /proc/meminfo (proc(5)), or less where a control group limits this process (the kernel's
        Documentation/admin-guide/cgroup-v2.rst).
    """
    return max(0, min([_of_machine(proc), *_of_groups(proc, cgroups)]))


def _of_machine(proc: Path) -> int:
    lines = (line.split() for line in (proc / "meminfo").read_text().splitlines())
    return next(int(words[1]) for words in lines if words[0] == "MemAvailable:") * 1024


def _of_groups(proc: Path, cgroups: Path) -> Iterator[int]:
    """What is left of each limit, from the process's own group up to the root."""
    try:
        entries = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    own = next((entry.removeprefix("0::/") for entry in entries if entry.startswith("0::/")), None)
    if own is None:
        return
    group = cgroups / own
    while True:
        try:
            limit = (group / "memory.max").read_text().strip()
            if limit != "max":
                yield int(limit) - int((group / "memory.current").read_text()) + _reclaimable(group)
        except (OSError, ValueError):
            pass  # the root has no limit, and a group without the memory controller has none
        if group == cgroups:
            return
        group = group.parent


def _reclaimable(group: Path) -> int:
    """File cache that the kernel drops first; memory.current counts it."""
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return next((int(words[1]) for words in lines if words[0] == "inactive_file"), 0)
