"""Writes events beside the recordings, in a thread of its own, so that a slow disk delays nothing."""

import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import msgspec

from framebus.protocol.events import MAX_OPEN_EVENTS, EventHeader
from framebus.recordings.event_file import EVENTS_NAME, MAX_EVENTS_BYTES, NOTED_SECONDS, StoredEvent, event_line
from framebus.recordings.segment_name import day_of
from framebus.runtime.atomic_write import sync_folder
from framebus.runtime.host_clock import host_monotonic, suspended_seconds
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.disk import Disk, DiskError
from recorder.segment_file import MODE, has_wrong_clock, make_day_folder

logger = logging.getLogger("recorder")

MAX_WAITING = 1000
"""Lines that wait for the disk; the oldest are dropped beyond that."""
MAX_ENDED = 400
"""Events that have ended, the newest, that are corrected when the clock is set."""
CLOCK_ERROR_SECONDS = 2.0
"""An event whose time differs by more from what the clock says now is corrected."""
RETRY_SECONDS = 1.0
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class _InProgress:
    event: StoredEvent
    """As it is now."""
    written: StoredEvent
    """As it was written last."""


@dataclass(slots=True)
class _Ended:
    camera: str
    event: StoredEvent
    monotonic: float
    """When it ended, in seconds of the host's CLOCK_MONOTONIC."""
    slept: float
    """How long the machine had slept then, which that clock does not count."""


class EventLog:
    """Closed by its owner."""

    def __init__(self, disk: Disk) -> None:
        """Start the thread."""
        self.losses = RateLimitedLog(logger)
        self._disk = disk
        self._device: int | None = None
        self._open: dict[str, _InProgress] = {}
        """By the id of the event."""
        self._ended: deque[_Ended] = deque(maxlen=MAX_ENDED)
        self._waiting: deque[tuple[str, str, StoredEvent]] = deque()
        """Camera, day of the file, and event."""
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._thread.start()

    def note(self, header: EventHeader, *, is_here: bool = True) -> None:
        """Take a message about an event: its start and its end are written at once, others now and then.

        Args:
            header: of the message.
            is_here: whether the camera has the clock of this machine.
        """
        now = time.time()
        if not is_here and has_wrong_clock(header.captured, now):
            header = msgspec.structs.replace(header, captured=round(now, 6))
        known = self._open.pop(header.id, None)
        event = StoredEvent.of(header, known.event if known is not None else None)
        written = known.written if known is not None else None
        # The clock may be set back, too.
        if written is None or event.end is not None or abs(event.seen - written.seen) >= NOTED_SECONDS:
            self._put(header.camera, event, written)
            written = event
        if event.end is None:
            self._open[header.id] = _InProgress(event, written)
        elif is_here:
            self._ended.append(_Ended(header.camera, event, header.monotonic, suspended_seconds()))
        while len(self._open) > 2 * MAX_OPEN_EVENTS:  # as many as the reader of events lets begin
            self._open.pop(next(iter(self._open)))

    def correct_times(self) -> None:
        """The clock was set: write what has ended again, with the times that it says now."""
        ahead, slept = time.time() - host_monotonic(), suspended_seconds()
        for ended in self._ended:
            before = ended.event
            shift = ended.monotonic + ahead - before.seen
            if abs(shift) <= CLOCK_ERROR_SECONDS or abs(slept - ended.slept) > CLOCK_ERROR_SECONDS:
                continue
            start, end = (max(0.0, round(at + shift, 6)) for at in (before.start, before.seen))
            ended.event = msgspec.structs.replace(before, start=start, end=end, seen=end)
            self._put(ended.camera, ended.event, before)

    def close(self, seconds: float) -> None:
        """Write what waits, and wait for that so long at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _put(self, camera: str, event: StoredEvent, before: StoredEvent | None) -> None:
        """Have an event written; where it was written into the file of another day, also there."""
        days = {day_of(each.start) for each in (event, before) if each is not None}
        with self._changed:
            self._waiting.extend((camera, day, event) for day in days)
            dropped = len(self._waiting) > MAX_WAITING
            while len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
            self._changed.notify()
        if dropped:
            self.losses.count("events not written", "the disk is too slow, or takes nothing")

    def _run(self) -> None:
        retry_at: dict[str, float] = {}  # by camera: it may be the folder of one alone that takes nothing
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                now = time.monotonic()
                left = [retry_at.get(camera, now) - now for camera, _, _ in self._waiting]
                due = next((number for number, seconds in enumerate(left) if seconds <= 0), None)
                if due is None:
                    if self._closed:
                        return
                    self._changed.wait(min(left))
                    continue
                camera, day, event = self._waiting[due]
                del self._waiting[due]
            if not self._write(camera, day, event):
                retry_at[camera] = time.monotonic() + RETRY_SECONDS
                with self._changed:
                    if len(self._waiting) < MAX_WAITING:
                        self._waiting.appendleft((camera, day, event))

    def _write(self, camera: str, day: str, event: StoredEvent) -> bool:
        """Returns whether it need not be written again."""
        line = event_line(event)
        try:
            self._device = self._disk.check(len(line), self._device)
            self._append(self._disk.folder / camera / day, line)
        except (OSError, DiskError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.losses.count("writes of events that failed", f"camera {camera}: {reason}")
            self.losses.flush()
            return False
        return True

    def _append(self, folder: Path, line: bytes) -> None:
        make_day_folder(folder)
        file = os.open(folder / EVENTS_NAME, FLAGS, MODE)
        try:
            size = os.fstat(file).st_size
            if size + len(line) > MAX_EVENTS_BYTES:
                self.losses.count("events not written", f"{folder / EVENTS_NAME} is full")
                return
            if size and os.pread(file, 1, size - 1) != b"\n":  # a power cut has left a part of a line
                line = b"\n" + line
            os.write(file, line)
            os.fdatasync(file)
            if not size:
                sync_folder(folder)  # which has the name of the file
        finally:
            os.close(file)
