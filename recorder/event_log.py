"""Writes events beside the recordings, in a thread of its own, so that a slow disk delays nothing."""

import logging
import os
import threading
import time
from collections import deque

from framebus.protocol.events import MAX_OPEN_EVENTS, EventHeader
from framebus.recordings.event_file import EVENTS_NAME, MAX_EVENTS_BYTES, NOTED_SECONDS, StoredEvent, event_line
from framebus.recordings.segment_name import day_of
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.disk import Disk, DiskError
from recorder.segment_file import MODE, make_day_folder

logger = logging.getLogger("recorder")

MAX_WAITING = 1000
"""Lines that wait for the disk; the oldest are dropped beyond that."""
RETRY_SECONDS = 1.0
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class EventLog:
    """Closed by its owner."""

    def __init__(self, disk: Disk) -> None:
        """Start the thread."""
        self.losses = RateLimitedLog(logger)
        self._disk = disk
        self._device: int | None = None
        self._open: dict[str, StoredEvent] = {}
        """The events in progress, by id, as they were written last."""
        self._latest: dict[str, StoredEvent] = {}
        """The same, as they are now."""
        self._waiting: deque[tuple[str, StoredEvent]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._thread.start()

    def note(self, header: EventHeader) -> None:
        """Take a message about an event: its start and its end are written at once, others now and then."""
        event = self._latest[header.id] = StoredEvent.of(header, self._latest.get(header.id))
        written = self._open.get(header.id)
        # The clock may be set back, too.
        if written is None or event.end is not None or abs(event.seen - written.seen) >= NOTED_SECONDS:
            self._open[header.id] = event
            self._put(header.camera, event)
        if event.end is not None:
            self._open.pop(header.id)
            self._latest.pop(header.id)
        while len(self._latest) > 2 * MAX_OPEN_EVENTS:  # as many as the reader of events lets begin
            oldest = next(iter(self._latest))
            self._latest.pop(oldest)
            self._open.pop(oldest, None)

    def close(self, seconds: float) -> None:
        """Write what waits, and wait for that so long at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _put(self, camera: str, event: StoredEvent) -> None:
        with self._changed:
            self._waiting.append((camera, event))
            dropped = len(self._waiting) > MAX_WAITING
            if dropped:
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
                left = [retry_at.get(camera, now) - now for camera, _ in self._waiting]
                due = next((number for number, seconds in enumerate(left) if seconds <= 0), None)
                if due is None:
                    if self._closed:
                        return
                    self._changed.wait(min(left))
                    continue
                camera, event = self._waiting[due]
                del self._waiting[due]
            if not self._write(camera, event):
                retry_at[camera] = time.monotonic() + RETRY_SECONDS
                with self._changed:
                    if len(self._waiting) < MAX_WAITING:
                        self._waiting.appendleft((camera, event))

    def _write(self, camera: str, event: StoredEvent) -> bool:
        """Returns whether it need not be written again."""
        line = event_line(event)
        try:
            self._device = self._disk.check(len(line), self._device)
            self._append(camera, event, line)
        except (OSError, DiskError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.losses.count("writes of events that failed", f"camera {camera}: {reason}")
            self.losses.flush()
            return False
        return True

    def _append(self, camera: str, event: StoredEvent, line: bytes) -> None:
        folder = self._disk.folder / camera / day_of(event.start)
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
        finally:
            os.close(file)
