"""Whether a process grows while it runs: readings of its memory and descriptors, and the judgement on them."""

import contextlib
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.processes import anonymous_bytes

WARM_UP_READINGS = 32
"""What a process takes until each kind of fault has happened once, which is 8 minutes in the soak, is no growth:
imports, buffers, and what the C library keeps of the largest crowd so far. Measured: of a gateway's 41.8 MB after 10
minutes 7 MB were free; without those it had 34.6 MB then, and 34.5 MB after 24 minutes."""
WINDOW_READINGS = 8
"""The median of so many is compared with the median of the last so many."""
GROWTH_PART = 0.08
GROWTH_MB = 1.0
"""More memory than that part and that much on top is growth: less is the allocator's noise, as measured."""
GROWTH_DESCRIPTORS = 5.0


class Reading(NamedTuple):
    """One process at one moment."""

    process: str
    pid: int
    memory_mb: float
    """Anonymous memory: of the pages of files, a process has a larger share when other programs have ended."""
    descriptors: int


def read(processes: dict[str, int]) -> list[Reading]:
    """Read those that are there; who ends meanwhile is left out. Takes process ids by name."""
    readings = []
    for name, pid in sorted(processes.items()):
        with contextlib.suppress(OSError):
            descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            readings.append(Reading(name, pid, anonymous_bytes(pid) / 1e6, descriptors))
    return readings


def growth(readings: list[Reading]) -> list[str]:
    """A sentence for each run of a process that grew. A run that is too short is ignored."""
    runs: dict[tuple[str, int], list[Reading]] = defaultdict(list)
    for reading in readings:
        runs[reading.process, reading.pid].append(reading)
    found = []
    for (process, pid), run in runs.items():
        settled = run[WARM_UP_READINGS:]
        if len(settled) < 2 * WINDOW_READINGS:
            continue
        before, after = settled[:WINDOW_READINGS], settled[-WINDOW_READINGS:]
        for what, most in (
            ("memory_mb", lambda was: was * (1 + GROWTH_PART) + GROWTH_MB),
            ("descriptors", _descriptors),
        ):
            was, now = (median(getattr(reading, what) for reading in window) for window in (before, after))
            if now > most(was):
                found.append(f"{process} (process {pid}): {what} rose from {was:.1f} to {now:.1f}")
    return found


def _descriptors(was: float) -> float:
    return was + GROWTH_DESCRIPTORS
