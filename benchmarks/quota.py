"""Limits what each measured server may use of the processor: an idea of a smaller machine.

A group of Linux's cpu controller (version 2 or 1) holds all processes of one server. In each period of 100 ms it gets
its share, and then it waits, which a slower processor would not do; memory and caches are those of this machine.
"""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.processes import BenchError

PERIOD_US = 100_000
"""The kernel's own default (Documentation/scheduler/sched-bwc.rst)."""
VERSION_2 = Path("/sys/fs/cgroup")
VERSION_1 = Path("/sys/fs/cgroup/cpu")
REMOVE_SECONDS = 5.0
"""A group can be removed once the kernel has forgotten the last process in it."""

_percent: float | None = None
_numbers = itertools.count()


def limit_to(percent: float) -> None:
    """Give each server that starts from now on so much of one core.

    Raises:
        BenchError: this machine has no cpu controller that this user may use.
    """
    global _percent
    _percent = percent
    with server_group():
        pass


@contextlib.contextmanager
def server_group(percent: float | None = None) -> Iterator[Callable[[int], None]]:
    """Make a group for one server; yields what puts a process into it. Without a limit, that does nothing.

    The processes have to end before the `with` block does.

    Args:
        percent: what they may use of a core together; by default that of `limit_to`.

    Raises:
        BenchError: as `limit_to` does.
    """
    percent = _percent if percent is None else percent
    if percent is None:
        yield lambda pid: None
        return
    name = f"framebus-bench-{os.getpid()}-{next(_numbers)}"
    group = _made(name, round(PERIOD_US * percent / 100))
    try:
        yield lambda pid: _write(group / "cgroup.procs", str(pid))
    finally:
        _remove(group)


def _made(name: str, quota_us: int) -> Path:
    """Make a group with a quota. Raises BenchError."""
    is_2 = (VERSION_2 / "cgroup.controllers").exists()
    group = (VERSION_2 if is_2 else VERSION_1) / name
    try:
        if is_2:
            _write(VERSION_2 / "cgroup.subtree_control", "+cpu")
        group.mkdir()
        if is_2:
            _write(group / "cpu.max", f"{quota_us} {PERIOD_US}")
        else:
            _write(group / "cpu.cfs_period_us", str(PERIOD_US))
            _write(group / "cpu.cfs_quota_us", str(quota_us))
    except OSError as error:
        raise BenchError(f"a part of a core needs root and a cpu controller under {VERSION_2}: {error}") from None
    return group


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def _remove(group: Path) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)
