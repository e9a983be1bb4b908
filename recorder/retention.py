"""Which recordings are deleted to make room: the oldest first, and none that is marked to be kept. Pure."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from framebus.recordings.timeline import Segment

DAY_SECONDS = 86400
GB = 1_000_000_000
HEADROOM_BYTES = 300_000_000
"""What is freed beyond `leave_free_gb`, so that writing need not wait for each deletion: about three minutes of four
cameras at 10 frames of 40 KB a second."""

LEAVE_FREE_FILES = 1000
"""So many more files the disk is to take: many small recordings use up the inodes of a file system before its bytes."""
FUTURE_SECONDS = DAY_SECONDS
"""A segment that begins so much later than now was recorded with a wrong clock, in an earlier boot: it is older than
those with a time that may be right."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The keys of the configuration, in seconds and bytes."""

    keep_seconds: float
    keep_bytes: float
    leave_free_bytes: float


@dataclass(frozen=True, slots=True)
class Deletion:
    """A segment that is to go."""

    segment: Segment
    limit: str
    """The key of the configuration for which it goes."""


def plan(
    segments: Iterable[Segment],
    limits: Limits,
    now: float,
    free_bytes: float,
    busy: Collection[Path] = (),
    free_files: float = math.inf,
) -> list[Deletion]:
    """Decide what is deleted.

    Args:
        segments: of all cameras.
        limits: whichever is reached first.
        now: Unix seconds.
        free_bytes: of the disk.
        busy: the files that are being written.
        free_files: how many more files the disk takes.
    """
    ordered = sorted(segments, key=attrgetter("start"))
    expired_before = now - limits.keep_seconds
    if ordered and ordered[-1].start > now + FUTURE_SECONDS:
        ordered.sort(key=lambda segment: (segment.end >= expired_before, segment.start <= now + FUTURE_SECONDS))
    held = sum(segment.bytes for segment in ordered)
    headroom = min(HEADROOM_BYTES, held / 10)
    missing = limits.leave_free_bytes + headroom - free_bytes
    missing_files = min(LEAVE_FREE_FILES, len(ordered) / 10) - free_files
    deletions = []
    for segment in ordered:
        if segment.keep or segment.path in busy:
            continue
        if segment.end < expired_before:
            limit = "keep_days"
        elif held > limits.keep_bytes:
            limit = "keep_gb"
        elif missing > 0 or missing_files > 0:
            limit = "leave_free_gb"
        else:
            break
        deletions.append(Deletion(segment, limit))
        held -= segment.bytes
        missing -= segment.bytes
        missing_files -= 1
    return deletions
