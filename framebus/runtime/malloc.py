"""Makes the C library give memory that is free back to the system."""

import ctypes
import time
from collections.abc import Callable

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
"""Of mallopt(3) in glibc's malloc.h."""
LARGE_BYTES = 4 * 1024 * 1024
TRIM_EVERY_SECONDS = 300.0
"""It takes 2 ms where 13 MB are free (measured on an AMD EPYC)."""


def trim_large_allocations() -> None:
    """From LARGE_BYTES on; smaller pieces stay with us, to be used again. A C library without mallopt does as it likes.

    By itself, glibc gives the memory of a frame of 400 KB back after each frame, and the kernel clears 60 pages for the
    next one: capture took 1.5 times as long.

    glibc raises its own threshold to the largest piece that was ever freed: two hashes of 16 MB each would cost the
    process 32 MB for good (measured: 28 MB before, 60 MB after; with this, 28 MB).
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, 2 * LARGE_BYTES)


class FreeMemory:
    """Gives back what is free between pieces that are in use: by itself, glibc only gives back the end of its heap.

    Viewers who come and go leave such gaps. A gateway with 17 of them had 8 MB more after an hour; without the gaps, it
    had 34.6 MB after ten minutes and 34.2 MB after an hour.
    """

    def __init__(self, every_seconds: float = TRIM_EVERY_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        """It begins `every_seconds` from now."""
        self._every_seconds = every_seconds
        self._now = now
        self._trimmed_at = now()

    def tick(self) -> None:
        """Do so if it is time; to be called every few seconds. A C library without malloc_trim keeps it."""
        if self._now() - self._trimmed_at < self._every_seconds:
            return
        self._trimmed_at = self._now()
        library = ctypes.CDLL(None)
        if hasattr(library, "malloc_trim"):
            library.malloc_trim(0)  # malloc_trim(3)
