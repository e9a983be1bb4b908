"""The events in a folder of recordings. Files are read again where they have changed."""

import math
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from framebus.protocol.wire import is_camera_name
from framebus.recordings.event_file import EVENTS_NAME, MAX_EVENT_SECONDS, MAX_EVENTS_BYTES, StoredEvent, read_events
from framebus.recordings.segment_name import day_begins, day_of
from framebus.recordings.stored_file import FILE_FLAGS

MAX_FILES = 64
"""Days whose events are remembered."""
MAX_REMEMBERED = 50_000
"""Events that are remembered, beside those of the day that was read last: 600 bytes each."""


class _Day(msgspec.Struct, frozen=True):
    version: tuple[int, int, int]
    """Inode, bytes and time of the file."""
    events: list[StoredEvent]


class EventFolder:
    """All events that are stored. One thread at a time; it reads the disk, so not in an event loop."""

    def __init__(
        self, folder: Path, now: Callable[[], float] = time.time, max_remembered: int = MAX_REMEMBERED
    ) -> None:
        """`folder` need not exist; `now` is in Unix seconds."""
        self.folder = folder
        self._now = now
        self._max_remembered = max_remembered
        self._days: dict[Path, _Day] = {}

    def events(
        self, camera: str, begin: float, end: float, most: float = math.inf, *, begun: bool = False
    ) -> list[StoredEvent]:
        """The events of a time, in the order in which they began. Raises OSError.

        Args:
            camera: its name.
            begin: of the time, in Unix seconds.
            end: of the time.
            most: once there are more than so many, later days are not read.
            begun: leave out those that began before the time.
        """
        if not is_camera_name(camera):
            return []
        found: dict[str, StoredEvent] = {}
        now = self._now()
        for day in self._days_of(camera, begin, end):
            if len(found) > most:  # each file has the events that began on its day: all others begin later
                break
            for event in self._events(self.folder / camera / day / EVENTS_NAME):
                at = event.at(now)
                last = at.start if begun else math.inf if at.end is None else at.end
                if at.start <= end and last >= begin:
                    found[at.id] = at
        return sorted(found.values(), key=lambda event: event.start)

    def _days_of(self, camera: str, begin: float, end: float) -> list[str]:
        try:
            names = os.listdir(self.folder / camera)
        except (FileNotFoundError, NotADirectoryError):
            return []
        first = day_of(max(0.0, begin - MAX_EVENT_SECONDS))
        last = None if end == float("inf") else day_of(end)
        days = [day for day in names if day_begins(day) is not None and first <= day and (last is None or day <= last)]
        return sorted(days)

    def _events(self, path: Path) -> list[StoredEvent]:
        try:
            descriptor = os.open(path, FILE_FLAGS)
        except FileNotFoundError:
            self._days.pop(path, None)
            return []
        except OSError:  # a link, or what nobody may read: the other days are shown
            return []
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return []
            version = status.st_ino, status.st_size, status.st_mtime_ns
            known = self._days.pop(path, None)
            if known is None or known.version != version:
                known = _Day(version, read_events(os.pread(descriptor, MAX_EVENTS_BYTES, 0)))
        finally:
            os.close(descriptor)
        self._days[path] = known
        remembered = sum(len(day.events) for day in self._days.values())
        while len(self._days) > MAX_FILES or (remembered > self._max_remembered and len(self._days) > 1):
            remembered -= len(self._days.pop(next(iter(self._days))).events)
        return known.events
