"""Processes with a part of a processor and of the memory, as on a small machine; for tests marked `root`."""

import contextlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000
"""The kernel's default (Documentation/admin-guide/cgroup-v2.rst)."""
REMOVE_SECONDS = 5.0


@contextmanager
def limited(processor: float, memory_mb: int) -> Iterator[list[str]]:
    """Give what a command needs before it, so that it and its children get no more than this.

    Args:
        processor: the part of one processor, such as 0.2.
        memory_mb: in units of a million bytes.
    """
    folders = _make(int(processor * PERIOD_MICROSECONDS), memory_mb * 1_000_000)
    try:
        enter = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"'
        yield ["sh", "-c", enter, "sh", *(str(folder / "cgroup.procs") for folder in folders), "--"]
    finally:
        for folder in folders:
            _remove(folder)


def _make(quota_microseconds: int, memory_bytes: int) -> list[Path]:
    name = f"framebus-{secrets.token_hex(4)}"
    if (CGROUPS / "cgroup.controllers").exists():
        (CGROUPS / "cgroup.subtree_control").write_text("+cpu +memory")
        return [
            _group(
                CGROUPS / name, {"cpu.max": f"{quota_microseconds} {PERIOD_MICROSECONDS}", "memory.max": memory_bytes}
            )
        ]
    return [
        _group(CGROUPS / "cpu" / name, {"cpu.cfs_quota_us": quota_microseconds}),
        _group(CGROUPS / "memory" / name, {"memory.limit_in_bytes": memory_bytes}),
    ]


def _group(folder: Path, settings: dict[str, object]) -> Path:
    folder.mkdir()
    for file, value in settings.items():
        (folder / file).write_text(str(value))
    return folder


def _remove(folder: Path) -> None:
    """Once its last process has ended."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            folder.rmdir()
        time.sleep(0.05)
