"""The thread that keeps the folder of recordings in order: makes room, and gives segments names that are right."""

import contextlib
import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from framebus.recordings.event_file import EVENTS_NAME
from framebus.recordings.folder import RecordingFolder
from framebus.recordings.segment_beginning import SegmentError
from framebus.recordings.segment_name import SECONDS_A_DAY, SegmentName, day_begins
from framebus.recordings.segment_reader import SegmentReader
from framebus.recordings.timeline import Segment
from framebus.runtime.host_clock import host_monotonic, suspended_seconds, wall_clock_offset
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.disk import Disk
from recorder.freed_space import FreedSpace
from recorder.retention import GB, Deletion, Limits, plan

logger = logging.getLogger("recorder")

INTERVAL_SECONDS = 30.0
SHORT_INTERVAL_SECONDS = 5.0
"""The same for a folder of few segments, in which a look costs nothing."""
FEW_SEGMENTS = 1000
MAX_MARKS = 1000
"""Requests to keep recordings, or to release them, that wait for the disk; others are refused meanwhile."""
CLOCK_ERROR_SECONDS = 2.0
"""A segment of this boot whose name differs by more from what the clock says now gets another name."""

CLOCK_SETTLE_SECONDS = 300.0
"""For so long after a start, and after the clock was set, nothing is deleted as old: where the clock is ahead until the
network sets it right, all recordings would go."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What the folder holds."""

    segments: int = 0
    bytes: int = 0
    kept_bytes: int = 0
    """Of these, what is marked to be kept."""
    oldest: float | None = None
    """Unix seconds."""
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A time whose segments are to be kept, or not any more."""

    camera: str
    begin: float
    end: float
    """Unix seconds, both."""
    keep: bool


class Cleaner:
    """Looks at the folder every INTERVAL_SECONDS, and whenever space is wanted. Closed by its owner."""

    def __init__(
        self,
        disk: Disk,
        limits: Limits,
        boot: str,
        wanted: threading.Event,
        busy: Callable[[], Collection[Path]],
        interval_seconds: float = INTERVAL_SECONDS,
        suspended: Callable[[], float] = suspended_seconds,
        settle_seconds: float = CLOCK_SETTLE_SECONDS,
    ) -> None:
        """Start the thread.

        Args:
            disk: with the folder.
            limits: of what is kept.
            boot: the id of this boot of the machine.
            wanted: set by others when space is wanted.
            busy: the files that are being written.
            interval_seconds: how often it looks at the folder.
            suspended: how long the machine has slept since it was started.
            settle_seconds: for how long a clock is not trusted after a start, and after it was set.
        """
        self.holding = Holding()
        self.deleted: Counter[str] = Counter()
        """Segments that were deleted, by the key of the configuration for which they were."""
        self._recordings = RecordingFolder(disk.folder)
        self._disk = disk
        self._all_limits = limits
        self._settle_seconds = settle_seconds
        self._clock = wall_clock_offset()
        self._clock_settles_at = time.monotonic() + settle_seconds
        self._boot = boot
        self._wanted = wanted
        self._busy = busy
        self._interval_seconds = interval_seconds
        self._losses = RateLimitedLog(logger)
        self._closed = False
        self._full = False
        self._freed = FreedSpace()
        self._clock_checks = 0
        self._suspended = suspended
        self._slept = 0.0
        self._awake_since = 0.0
        """CLOCK_MONOTONIC when the machine was first seen awake after its last sleep. It does not count while the
        machine sleeps: what the time was before is not known from it."""
        self._marks: deque[Mark] = deque()
        self._gone_until: dict[str, float] = {}
        """When the newest segment of each camera began that was deleted to make room."""
        self._thread = threading.Thread(target=self._run, name="cleaner", daemon=True)
        self._thread.start()

    @property
    def takes_marks(self) -> bool:
        """Whether one more may wait."""
        return len(self._marks) < MAX_MARKS

    def mark(self, mark: Mark) -> None:
        """Have segments marked, soon; only where it `takes_marks`."""
        self._marks.append(mark)
        self._wanted.set()

    def clock_was_set(self) -> None:
        """Have the names of segments checked, now and once more when the segment of this moment is complete."""
        self._clock_checks = 2
        self._wanted.set()

    @property
    def _limits(self) -> Limits:
        """Those that may be applied now."""
        clock, now = wall_clock_offset(), time.monotonic()
        if abs(clock - self._clock) > CLOCK_ERROR_SECONDS:
            self._clock, self._clock_settles_at = clock, now + self._settle_seconds
        return self._all_limits if now >= self._clock_settles_at else replace(self._all_limits, keep_seconds=math.inf)

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wanted.set()
        self._thread.join(1)

    def _run(self) -> None:
        first = True
        while not self._closed:
            try:
                self._note_sleep()
                if self._disk.mount_point is None or self._disk.mount_point.is_mount():
                    for _ in range(len(self._marks)):  # those that come meanwhile wait: there is room to be made, too
                        self._mark(self._marks.popleft())
                    if self._clock_checks:
                        self._clock_checks -= 1
                        self.correct_names()
                    self.check(everything=first)
                    first = False
            except OSError as error:
                self._losses.count("looks at the folder that failed", f"{self._disk.folder}: {error.strerror}")
            except Exception as error:  # without this thread the disk would fill up
                self._losses.count("looks at the folder that failed", f"{type(error).__name__}: {error}")
            self._losses.flush()
            few = self.holding.segments < FEW_SEGMENTS
            self._wanted.wait(min(self._interval_seconds, SHORT_INTERVAL_SECONDS) if few else self._interval_seconds)
            self._wanted.clear()
            if not self._closed:
                time.sleep(min(1.0, self._interval_seconds))  # a disk that stays full asks each second

    def check(self, *, everything: bool = False) -> None:
        """Make room; `everything`: also finish what a recorder that was killed has left. Raises OSError."""
        before = self._busy()
        segments = self._all()
        if everything:
            for segment in segments:
                if segment.is_open and segment.path not in {*before, *self._busy()}:
                    with self._counted("ended", segment.path):
                        self._finish(segment)
            segments = self._all()
        deleted = self._make_room(segments, {*before, *self._busy()})
        gone = {deletion.segment.path for deletion in deleted}
        segments = [segment for segment in segments if segment.path not in gone]
        self._delete_events()
        self._note(segments)
        if deleted:
            self._log(Counter(deletion.limit for deletion in deleted), sum(d.segment.bytes for d in deleted))

    def _make_room(self, segments: list[Segment], spared: set[Path]) -> list[Deletion]:
        """Delete what has to go, and return it. Raises OSError."""
        free = self._free(self._disk.free_bytes)
        is_paused = not self._freed.may_delete(time.monotonic())
        left_bytes, left_files = (math.inf, math.inf) if is_paused else (free, self._free(self._disk.free_files))
        deleted: list[Deletion] = []
        while deletions := plan(segments, self._limits, time.time(), left_bytes, spared, left_files):
            gone = {deletion.segment.path for deletion in deletions if self._delete(deletion)}
            deleted += [deletion for deletion in deletions if deletion.segment.path in gone]
            segments = [segment for segment in segments if segment.path not in gone]
            spared = spared | {deletion.segment.path for deletion in deletions} - gone
            if len(gone) == len(deletions):
                break  # a disk that frees the room later is not asked again at once
            if not is_paused:
                left_bytes, left_files = self._free(self._disk.free_bytes), self._free(self._disk.free_files)
        for_space = sum(deletion.segment.bytes for deletion in deleted if deletion.limit == "leave_free_gb")
        if self._freed.note(for_space, self._free(self._disk.free_bytes) - free, time.monotonic()):
            self._losses.count("times that deleting has made no room", "a snapshot or a recycle bin may hold the files")
        return deleted

    def _delete(self, deletion: Deletion) -> bool:
        """Delete a segment; returns False where it is still there."""
        segment, gone = deletion.segment, False
        with self._counted("deleted", segment.path):
            if deletion.limit == "keep_days" and self._correct_name(segment):
                return False  # it is not old: the clock was wrong when it was recorded
            segment.path.unlink(missing_ok=True)
            gone = True
            self.deleted[deletion.limit] += 1
            camera = segment.path.parts[-3]
            if segment.start <= time.time():  # else its clock was wrong, and says nothing of other days
                self._gone_until[camera] = max(segment.start, self._gone_until.get(camera, 0.0))
            with contextlib.suppress(OSError):  # it is not empty
                segment.path.parent.rmdir()
        return gone

    def _delete_events(self) -> None:
        """Delete the events of days of which no segment is left, and none will come. Raises OSError."""
        now = time.time()
        for camera in self._recordings.cameras():
            oldest = self._recordings.oldest(camera) or 0.0
            for day in self._recordings.days(camera):
                begins = day_begins(day) or 0
                ends = begins + SECONDS_A_DAY
                # A recording that is kept may be much older than those that had to make room.
                made_room = begins <= self._gone_until.get(camera, -1.0) and ends < now
                is_over = made_room or ends < max(now - self._limits.keep_seconds, oldest)
                if is_over and not self._recordings.has_segments(camera, day):
                    events = self._disk.folder / camera / day / EVENTS_NAME
                    with self._counted("deleted", events):
                        events.unlink(missing_ok=True)
                        with contextlib.suppress(OSError):  # it is not empty
                            events.parent.rmdir()

    def correct_names(self) -> None:
        """Give the segments of this boot the times that the clock says now: it was set. Raises OSError."""
        renamed = 0
        for segment in self._all():
            if segment.path not in self._busy():
                with self._counted("renamed", segment.path):
                    renamed += self._correct_name(segment)
        if renamed:
            logger.info("the clock was set: %d segments have other names now", renamed)

    def _correct_name(self, segment: Segment) -> bool:
        """Rename a segment of this boot where its name is not what the clock says now. Raises OSError."""
        try:
            with SegmentReader(segment.path) as reader:
                info = reader.info
        except SegmentError:
            return False
        now = host_monotonic()
        self._note_sleep()
        if info.boot != self._boot or info.monotonic is None or not self._awake_since <= info.monotonic <= now:
            return False
        start = info.monotonic + time.time() - now
        if start < 0 or abs(start - segment.start) <= CLOCK_ERROR_SECONDS:
            return False
        name = SegmentName.parse(segment.path.parent.name, segment.path.name)
        assert name is not None
        return self._rename(segment, SegmentName(int(start * 1000) / 1000, name.seconds, name.keep))

    def _note_sleep(self) -> None:
        slept = self._suspended()
        if slept - self._slept > CLOCK_ERROR_SECONDS:
            self._slept, self._awake_since = slept, host_monotonic()

    @contextlib.contextmanager
    def _counted(self, what: str, path: Path) -> Iterator[None]:
        """Go on with the next file where one belongs to another user, or is gone meanwhile."""
        try:
            yield
        except FileNotFoundError:
            pass
        except OSError as error:
            self._losses.count(f"segments that cannot be {what}", f"{path}: {error.strerror}")

    def _mark(self, mark: Mark) -> None:
        for segment in self._recordings.stored(mark.camera):
            overlaps = segment.start <= mark.end and segment.end >= mark.begin
            if overlaps and segment.keep != mark.keep and segment.path not in self._busy():
                name = SegmentName.parse(segment.path.parent.name, segment.path.name)
                assert name is not None
                with self._counted("marked", segment.path):
                    self._rename(segment, name.kept(mark.keep))

    def _all(self) -> list[Segment]:
        return [segment for camera in self._recordings.cameras() for segment in self._recordings.stored(camera)]

    def _finish(self, segment: Segment) -> None:
        """Put the length into the name of a segment that was not ended; delete it where it has no frame."""
        try:
            with SegmentReader(segment.path) as reader:
                empty, seconds = next(reader.frames(), None) is None, reader.last_ms() / 1000
        except SegmentError:
            empty, seconds = True, 0.0
        except FileNotFoundError:
            return
        if empty:
            segment.path.unlink(missing_ok=True)
            return
        name = SegmentName.parse(segment.path.parent.name, segment.path.name)
        assert name is not None
        self._rename(segment, name.ended(seconds))

    def _rename(self, segment: Segment, name: SegmentName) -> bool:
        """Returns False where another segment has that name. Raises OSError."""
        target = segment.path.parents[1] / name.path
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            return False
        segment.path.rename(target)
        with contextlib.suppress(OSError):  # it is not empty
            segment.path.parent.rmdir()
        return True

    def _free(self, left: Callable[[], float]) -> float:
        try:
            return left()
        except FileNotFoundError:  # it is made with the first frame
            return float("inf")

    def _note(self, segments: list[Segment]) -> None:
        free = self._free(self._disk.free_bytes)
        self.holding = Holding(
            segments=len(segments),
            bytes=sum(segment.bytes for segment in segments),
            kept_bytes=sum(segment.bytes for segment in segments if segment.keep),
            oldest=min((segment.start for segment in segments), default=None),
            free_bytes=None if free == float("inf") else int(free),
        )
        full = self.holding.kept_bytes > self._limits.keep_bytes
        if full and not self._full:
            logger.warning("what is marked to be kept takes %.2f GB, more than keep_gb", self.holding.kept_bytes / GB)
        self._full = full

    def _log(self, limits: Counter[str], bytes: int) -> None:
        why = ", ".join(f"{amount} for {limit}" for limit, amount in sorted(limits.items()))
        oldest = self.holding.oldest
        since = "" if oldest is None else time.strftime(", the oldest of %Y-%m-%d %H:%M:%S UTC", time.gmtime(oldest))
        logger.info(
            "deleted %.3f GB in %d segments (%s); holds %.3f GB in %d%s",
            bytes / GB,
            limits.total(),
            why,
            self.holding.bytes / GB,
            self.holding.segments,
            since,
        )
