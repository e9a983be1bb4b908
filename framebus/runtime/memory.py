"""How much memory this machine has left, or what limits this process: its control group, or ulimit."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


def available_bytes(proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """The memory that programs can still take without swapping or being ended.

    Args:
        proc: Where procfs is mounted.
        cgroups: Where control groups are mounted: version 2 of them, or version 1 in a folder for each controller.

    Returns:
        MemAvailable of /proc/meminfo (proc(5)), or less where a control group limits this process (the kernel's
        Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst), or getrlimit(2).
    """
    return max(0, min([_of_machine(proc), *_of_groups(proc, cgroups), *_of_process(proc)]))


def _of_machine(proc: Path) -> int:
    lines = (line.split() for line in (proc / "meminfo").read_text().splitlines())
    return next(int(words[1]) for words in lines if words[0] == "MemAvailable:") * 1024


def _of_groups(proc: Path, cgroups: Path) -> Iterator[int]:
    """What is left of each limit, from the process's own group up to the root."""
    try:
        entries = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for entry in entries:
        _, controllers, path = entry.split(":", 2)
        if not controllers:
            yield from _left(cgroups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            files = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _left(cgroups / "memory", path, *files)


def _left(root: Path, path: str, limit_file: str, usage_file: str, cache: str) -> Iterator[int]:
    group = root / path.lstrip("/")
    while True:
        with contextlib.suppress(OSError, ValueError):  # of the root, and of a group without the memory controller
            limit = (group / limit_file).read_text().strip()
            if limit != "max":
                yield int(limit) - int((group / usage_file).read_text()) + _reclaimable(group, cache)
        if group == root:
            return
        group = group.parent


def _reclaimable(group: Path, cache: str) -> int:
    """File cache that the kernel drops first, though it counts as used."""
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return next((int(words[1]) for words in lines if words[0] == cache), 0)


def _of_process(proc: Path) -> Iterator[int]:
    """What is left of `ulimit -v` and `ulimit -d`."""
    with contextlib.suppress(OSError):
        lines = (line.split() for line in (proc / "self" / "status").read_text().splitlines())
        used = {words[0]: int(words[1]) * 1024 for words in lines if words[0] in ("VmSize:", "VmData:")}
        for name, kind in (("VmSize:", resource.RLIMIT_AS), ("VmData:", resource.RLIMIT_DATA)):
            limit = resource.getrlimit(kind)[0]
            if limit != resource.RLIM_INFINITY and name in used:
                yield limit - used[name]
