"""The clocks that all processes of a machine share, also those in a container with a time namespace of its own.

A time namespace shifts what a process reads from CLOCK_MONOTONIC and CLOCK_BOOTTIME. The kernel stamps the frames of
cameras in the clocks of the machine, wherever the process is that reads them.
"""

import time
from pathlib import Path

OFFSETS = Path("/proc/self/timens_offsets")
"""time_namespaces(7); a kernel without them lacks the file."""


def read_offset(clock: str, file: Path = OFFSETS) -> float:
    """Seconds by which a clock, monotonic or boottime, is ahead of the machine's; 0 outside of time namespaces."""
    try:
        for line in file.read_text().splitlines():
            name, seconds, nanoseconds = line.split()
            if name == clock:
                return int(seconds) + int(nanoseconds) / 1e9
    except (OSError, ValueError):
        pass
    return 0.0


OFFSET_SECONDS = read_offset("monotonic")
"""Of this process; it cannot change while the process runs (setns(2))."""
BOOTTIME_OFFSET_SECONDS = read_offset("boottime")


def host_monotonic() -> float:
    """CLOCK_MONOTONIC of the machine, in seconds: what `monotonic` and `published` of a header count."""
    return time.monotonic() - OFFSET_SECONDS


def host_boottime() -> float:
    """CLOCK_BOOTTIME of the machine, in seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - BOOTTIME_OFFSET_SECONDS


def suspended_seconds() -> float:
    """How long the machine has slept since it was started: CLOCK_MONOTONIC does not count that, CLOCK_BOOTTIME does."""
    return host_boottime() - host_monotonic()


def wall_clock_offset() -> float:
    """What the wall clock is ahead of one that nobody sets and that counts while the machine sleeps, in seconds."""
    return time.time() - host_boottime()


def to_host(monotonic: float) -> float:
    """CLOCK_MONOTONIC of the machine at a moment of this process's CLOCK_MONOTONIC."""
    return monotonic - OFFSET_SECONDS


def from_host(monotonic: float) -> float:
    """CLOCK_MONOTONIC of this process at a moment of the machine's CLOCK_MONOTONIC."""
    return monotonic + OFFSET_SECONDS
