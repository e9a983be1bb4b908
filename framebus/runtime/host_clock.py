"""The clock that all processes of a machine share, also those in a container with a time namespace of its own."""

import time
from pathlib import Path

OFFSETS = Path("/proc/self/timens_offsets")
"""time_namespaces(7); a kernel without them lacks the file."""


def read_offset(file: Path = OFFSETS) -> float:
    """Seconds by which CLOCK_MONOTONIC here is ahead of that of the machine; 0 outside of time namespaces."""
    try:
        for line in file.read_text().splitlines():
            clock, seconds, nanoseconds = line.split()
            if clock == "monotonic":
                return int(seconds) + int(nanoseconds) / 1e9
    except (OSError, ValueError):
        pass
    return 0.0


OFFSET_SECONDS = read_offset()
"""Of this process; it cannot change while the process runs (setns(2))."""


def host_monotonic() -> float:
    """CLOCK_MONOTONIC of the machine, in seconds: what `monotonic` and `published` of a header count."""
    return time.monotonic() - OFFSET_SECONDS
