"""The folder of recordings: its segments, spans and frames. What lies in it is the truth; nothing else is kept.

    FOLDER/front/2026-11-29/12-00-03.250Z_59.950s.mkv

Files that appear, disappear, or are copied in are noticed at the next look. Only the folders of days that have changed
are read again.
"""

import contextlib
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path

import msgspec

from framebus.protocol.wire import FrameHeader, is_camera_name
from framebus.recordings.day_folder import all_segments, changed_ns, first_start, names_in, some_segments
from framebus.recordings.line_of_days import LineOfDays
from framebus.recordings.named_times import NamedTime, NamedTimes
from framebus.recordings.segment_beginning import SegmentError
from framebus.recordings.segment_name import SECONDS_A_DAY, day_begins, day_of
from framebus.recordings.segment_reader import SegmentIndex, SegmentReader, StoredFrame
from framebus.recordings.timeline import GAP_SECONDS, ROUNDING_SECONDS, Segment, Span, spans, without_overlap

LONGEST_SEGMENT_SECONDS = 3600.0
"""A segment that began before a moment by more than this is not searched for it. Those of framebus have a minute."""
MAX_LINES = 128
"""How many time lines are remembered, the longest of all days of a camera."""
MAX_SHORT_LINES = 64
"""How many parts of a day are remembered: 30 files each."""
MAX_OPEN = 128
"""Of how many segments without an end the length is remembered: each camera writes one."""
SHORT_SECONDS = 600.0
"""They begin and end at multiples of this, so that one holds for many moments of a film."""
NEAR_SECONDS = 300.0
"""A frame is looked for within this time first, which reads the folder of one day, or of two near midnight."""
SETTLED_SECONDS = 3.0
"""A folder that was changed so recently is read again: FAT counts its times in steps of two seconds."""
UNCHANGED_SECONDS = 60.0
"""A complete file that was not written for so long is not looked at again while its name is there."""
MAX_INDEXES = 128
"""Files whose list of clusters is remembered: 5 KB each."""


class RecordedFrame(msgspec.Struct, frozen=True):
    """A frame of a recording."""

    header: FrameHeader
    """As the camera sent it."""
    jpeg: bytes
    at: float
    """Its moment on the time line, in Unix seconds: `captured`, unless the clock was corrected afterwards."""
    segment: Segment
    header_json: bytes = b""
    """The header as it was stored, with keys of later versions; empty where the file has none."""


class _Day(msgspec.Struct):
    changed_ns: int
    segments: list[Segment]


class RecordingFolder:
    """All recordings. One thread at a time; `cameras` and everything else read the disk, so not in an event loop."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        """`folder` need not exist; `now` is the clock of the file system, in Unix seconds."""
        self.folder = folder
        self._now = now
        self._days: dict[tuple[str, str], _Day] = {}
        self._lines: dict[tuple[str, tuple[str, ...]], LineOfDays] = {}
        """What `_line` returned, by camera and days."""
        self._short: dict[tuple[str, float, float], tuple[tuple[int, ...], LineOfDays]] = {}
        """What `_short_line` returned, by camera and time, for these versions of the folders."""
        self._open: dict[Path, tuple[int, float]] = {}
        """The size and the length in seconds of segments that had not been ended, the last one at the end."""
        self._named = NamedTimes(self._is_settling, self._grown)
        self._indexes: dict[Path, SegmentIndex] = {}
        """Of the files that were read last, the newest one at the end."""

    def cameras(self) -> list[str]:
        """The cameras that have recordings, whether or not they are configured. Raises OSError, but for no folder."""
        return sorted(name for name in names_in(self.folder) if is_camera_name(name))

    def days(self, camera: str) -> list[str]:
        """The days, in UTC, that have a folder; the others are forgotten. Raises OSError."""
        found = sorted(name for name in names_in(self.folder / camera) if day_begins(name) is not None)
        deleted = {day for known, day in self._days if known == camera}.difference(found)
        for day in deleted:
            del self._days[camera, day]
        self._named.forget_all_but(self.folder / camera, found)
        return found

    def segments(self, camera: str, begin: float = 0.0, end: float = float("inf")) -> list[Segment]:
        """The segments that show the time from `begin` to `end`, in order and without overlap. Raises OSError."""
        line = self._line(camera, self._days_between(camera, begin, end)).segments
        return [segment for segment in line if segment.end >= begin and segment.begin <= end]

    def _days_between(self, camera: str, begin: float, end: float) -> tuple[str, ...]:
        first = day_of(max(0.0, begin - LONGEST_SEGMENT_SECONDS))
        last = None if end == float("inf") else day_of(end)
        return tuple(day for day in self.days(camera) if first <= day and (last is None or day <= last))

    def _folders(self, camera: str, begin: float, end: float) -> list[Path]:
        """Of the days that may have segments of a time, in order."""
        return [self.folder / camera / day for day in self._days_between(camera, begin, end)]

    def stored(self, camera: str) -> list[Segment]:
        """All segments, also those that others hide, in order. Raises OSError."""
        found = [segment for day in self.days(camera) for segment in self._day(camera, day)]
        return sorted(found, key=attrgetter("start"))

    def has_segments(self, camera: str, day: str) -> bool:
        """Whether a day has any. Raises OSError."""
        return bool(self._day(camera, day))

    def oldest(self, camera: str) -> float | None:
        """Unix seconds of the beginning of the oldest recording; None where there is none. Raises OSError."""
        starts = (first_start(self.folder / camera / day) for day in self.days(camera))
        return next((start for start in starts if start is not None), None)

    def spans(
        self,
        camera: str,
        begin: float = 0.0,
        end: float = float("inf"),
        gap_seconds: float = GAP_SECONDS,
        *,
        sizes: bool = True,
    ) -> list[Span]:
        """The times of which there are recordings, in order; without `sizes`, by the names alone. Raises OSError."""
        if sizes:
            return spans(self.segments(camera, begin, end), gap_seconds)
        return spans(self._named_times(camera, begin, end), gap_seconds)

    def _named_times(self, camera: str, begin: float, end: float) -> list[NamedTime]:
        """As `segments`, by the names alone."""
        line = self._named.line(self._folders(camera, begin, end))
        return [time for time in line if time.end >= begin and time.begin <= end]

    def is_recorded(self, camera: str, begin: float, end: float) -> bool:
        """Whether there is a recording of a moment of this time. Raises OSError."""
        return next(self._by_day(camera, begin, end), None) is not None

    def frame_at(self, camera: str, at: float) -> RecordedFrame | None:
        """The frame nearest to a moment. Raises OSError."""
        before, after = self.frame_before(camera, at, inclusive=True), self.frame_after(camera, at)
        if before is None or after is None:
            return before or after
        return before if at - before.at <= after.at - at else after

    def frame_before(
        self, camera: str, at: float, *, inclusive: bool = False, since: float = 0.0
    ) -> RecordedFrame | None:
        """The last frame before a moment, and not before `since`; `inclusive`: or at it. Raises OSError."""
        for begin, end in self._times_before(camera, since, at):
            found = next(self._backwards(camera, begin, end, inclusive or end < at), None)
            if found is not None:
                return found
        return None

    def frame_after(
        self, camera: str, at: float, *, inclusive: bool = False, until: float = float("inf")
    ) -> RecordedFrame | None:
        """The first frame after a moment, and not after `until`; `inclusive`: or at it. Raises OSError."""
        for begin, end in self._times_after(camera, at, until):
            found = next(self.frames(camera, begin, end, inclusive=inclusive or begin > at), None)
            if found is not None:
                return found
        return None

    def _times_before(self, camera: str, since: float, at: float) -> Iterator[tuple[float, float]]:
        """Where to look for the last frame before a moment: short times, of which few files are read.

        Over a gap, the names of files say where the next one is, so that no day is read as a whole.
        """
        begin = max(since, at - NEAR_SECONDS)
        yield begin, at
        while begin > since:
            recorded_until = self._named.last_before(self._folders(camera, since, begin), begin)
            if recorded_until is None:
                return
            # Names are rounded down: the last frame may be a little later.
            end = min(begin, recorded_until + ROUNDING_SECONDS)
            begin = max(since, end - NEAR_SECONDS)
            yield begin, end

    def _times_after(self, camera: str, at: float, until: float) -> Iterator[tuple[float, float]]:
        """As `_times_before`, for the first frame after a moment."""
        end = min(until, at + NEAR_SECONDS)
        yield at, end
        while end < until:
            recorded_from = self._named.first_after(self._folders(camera, end, until), end)
            if recorded_from is None:
                return
            begin = max(end, recorded_from - ROUNDING_SECONDS)
            end = min(until, begin + NEAR_SECONDS)
            yield begin, end

    def gaps(
        self, camera: str, begin: float, end: float, gap_seconds: float = GAP_SECONDS
    ) -> list[tuple[float, float]]:
        """The times between two recorded moments of which there are no recordings, in order. Raises OSError."""
        found: list[tuple[float, float]] = []
        recorded_until = begin
        is_short = end - begin <= NEAR_SECONDS
        for recorded in self._by_day(camera, begin, end) if is_short else self._named_times(camera, begin, end):
            if recorded.begin - recorded_until > gap_seconds:
                found.append((recorded_until, recorded.begin))
            recorded_until = max(recorded_until, recorded.end)
        if end - recorded_until > gap_seconds:
            found.append((recorded_until, end))
        return found

    def frames(
        self, camera: str, begin: float, end: float = float("inf"), *, inclusive: bool = True
    ) -> Iterator[RecordedFrame]:
        """The frames from `begin` to `end` in order; not `inclusive`: after `begin`. Raises OSError."""
        for segment in self._by_day(camera, begin, end):
            for reader in self._opened(segment):
                first = max(begin, segment.begin)
                # One more: a clock that is being corrected runs by up to 500 ppm too fast or too slow (adjtimex(2)).
                for number in range(max(0, reader.cluster_at(_ms(segment, first)) - 1), reader.find_clusters()):
                    for frame in reader.frames_in(number):
                        moment = _moment(reader, segment, frame)
                        if moment is None or moment.at < begin or (not inclusive and moment.at <= begin):
                            continue
                        if moment.at > end:
                            return
                        if (found := _recorded(reader, segment, frame, moment)) is not None:
                            yield found

    def _backwards(self, camera: str, since: float, at: float, inclusive: bool) -> Iterator[RecordedFrame]:
        for segment in self._by_day(camera, since, at, backwards=True):
            for reader in self._opened(segment):
                last = min(reader.cluster_at(_ms(segment, min(at, segment.end))) + 2, reader.find_clusters())
                for number in range(last - 1, -1, -1):
                    for frame in reversed(list(reader.frames_in(number))):
                        moment = _moment(reader, segment, frame)
                        if moment is None or moment.at > at or (not inclusive and moment.at == at):
                            continue
                        if moment.at < since:
                            return
                        if (found := _recorded(reader, segment, frame, moment)) is not None:
                            yield found

    def _by_day(self, camera: str, begin: float, end: float, *, backwards: bool = False) -> Iterator[Segment]:
        """As `segments`, a day at a time: who looks for the next frame need not wait for years of them."""
        days = self.days(camera)
        first = day_of(max(0.0, begin - LONGEST_SEGMENT_SECONDS))
        numbers = [n for n, day in enumerate(days) if first <= day and (end == float("inf") or day <= day_of(end))]
        for number in reversed(numbers) if backwards else numbers:
            day_begin = day_begins(days[number]) or 0
            # What lies beside it may hide a part of it, near midnight.
            before = begin < day_begin + LONGEST_SEGMENT_SECONDS
            after = end > day_begin + SECONDS_A_DAY - LONGEST_SEGMENT_SECONDS
            around = tuple(days[max(0, number - before) : number + 1 + after])
            if end - begin <= NEAR_SECONDS and any((camera, day) not in self._days for day in around):
                line = self._short_line(camera, around, begin, end).of_days[days[number]]
            else:
                line = self._line(camera, around).of_days[days[number]]
            # Names are rounded down to the millisecond, so the last frame may be a little later than the end.
            first_shown = bisect_left(line, begin - ROUNDING_SECONDS, key=lambda segment: segment.end)
            found = line[first_shown : bisect_right(line, end, key=lambda segment: segment.begin)]
            yield from reversed(found) if backwards else found

    def _short_line(self, camera: str, days: tuple[str, ...], begin: float, end: float) -> LineOfDays:
        """As `_line`, without reading all of days that nobody has listed: the segments that touch a short time."""
        first = begin // SHORT_SECONDS * SHORT_SECONDS - SHORT_SECONDS
        last = (end // SHORT_SECONDS + 1) * SHORT_SECONDS
        folders = [self.folder / camera / day for day in days]
        versions = tuple(changed_ns(folder) for folder in folders)
        known = self._short.pop((camera, first, last), None)
        if known is None or known[0] != versions:
            found = [
                segment for folder in folders for segment in some_segments(folder, first, last, LONGEST_SEGMENT_SECONDS)
            ]
            grown = [self._grown(segment) if segment.is_open else segment for segment in found]
            known = versions, LineOfDays([], without_overlap(grown), days)
            if any(segment.is_open for segment in found) or self._is_settling(max(versions)):
                return known[1]
        self._short[camera, first, last] = known
        if len(self._short) > MAX_SHORT_LINES:
            del self._short[next(iter(self._short))]
        return known[1]

    def _line(self, camera: str, days: tuple[str, ...]) -> LineOfDays:
        """The segments of some days, without overlap; computed again only where one of the days has changed."""
        parts = [self._day(camera, day) for day in days]
        known = self._lines.pop((camera, days), None)
        if known is None or any(old is not new for old, new in zip(known.made_of, parts, strict=True)):
            known = LineOfDays(parts, without_overlap(segment for part in parts for segment in part), days)
        self._lines[camera, days] = known
        if len(self._lines) > MAX_LINES:
            del self._lines[next(iter(self._lines))]
        return known

    def _day(self, camera: str, day: str) -> list[Segment]:
        """The segments of a day, which may overlap."""
        folder = self.folder / camera / day
        version = changed_ns(folder)
        if version == 0:
            self._days.pop((camera, day), None)
            return []
        known = self._days.get((camera, day))
        if known is None or known.changed_ns != version or self._is_settling(version):
            before = known.segments if known is not None else []
            known = self._days[camera, day] = _Day(version, list(self._read_day(folder, before)))
        if any(segment.is_open for segment in known.segments):
            grown = [self._grown(segment) if segment.is_open else segment for segment in known.segments]
            if grown != known.segments:  # else the line that was made of them holds
                known.segments = grown
        return known.segments

    def _is_settling(self, version: int) -> bool:
        """Whether a folder with this version may change without another one."""
        return self._now() - version / 1e9 < SETTLED_SECONDS

    def _read_day(self, folder: Path, before: Iterable[Segment]) -> Iterator[Segment]:
        """The segments of a day; `before` are those of the last look, of which few have changed."""
        unchanged = self._now() - UNCHANGED_SECONDS
        known = {segment.path.name: segment for segment in before if not segment.is_open and segment.made < unchanged}
        for segment in all_segments(folder, known):
            yield self._grown(segment) if segment.is_open else segment

    def _opened(self, segment: Segment) -> Iterator[SegmentReader]:
        """The open segment, or nothing where it cannot be read: another one may be."""
        try:
            reader = SegmentReader(segment.path, self._indexes.pop(segment.path, None))
        except (OSError, SegmentError):
            return
        with reader:
            try:
                yield reader
            finally:  # who looks for one frame does not go on to the end
                with contextlib.suppress(OSError):
                    self._remember(segment.path, reader.index())

    def _remember(self, path: Path, index: SegmentIndex | None) -> None:
        if index is not None:
            self._indexes[path] = index
            while len(self._indexes) > MAX_INDEXES:
                self._indexes.pop(next(iter(self._indexes)))

    def _grown(self, segment: Segment) -> Segment:
        """A segment without a length in its name, with the length that it has now."""
        try:
            status = segment.path.stat()
            size, seconds = self._open.pop(segment.path, (-1, 0.0))
            if size != status.st_size:
                with SegmentReader(segment.path) as reader:
                    seconds = reader.last_ms() / 1000
            self._open[segment.path] = status.st_size, seconds
            if len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
        except (OSError, SegmentError):  # it was deleted or renamed, or its writer was killed at once
            return segment
        return msgspec.structs.replace(segment, end=segment.start + seconds, bytes=status.st_size, made=status.st_mtime)


def _ms(segment: Segment, at: float) -> int:
    """A moment of the time line as a time in a segment."""
    return max(0, round((at - segment.start) * 1000))


class _Moment(msgspec.Struct, frozen=True):
    header: FrameHeader
    at: float


def _moment(reader: SegmentReader, segment: Segment, frame: StoredFrame) -> _Moment | None:
    """When a frame was taken, without its picture; None where another segment shows its time."""
    header = reader.header(frame)
    if not frame.header_size:
        header = msgspec.structs.replace(header, captured=segment.start + frame.ms / 1000)
    moved = segment.start - reader.info.started if frame.header_size and reader.info.started else 0.0
    at = header.captured + (moved if abs(moved) > ROUNDING_SECONDS else 0.0)
    if (segment.begin > segment.start and at < segment.begin) or (segment.end_hidden and at >= segment.end):
        return None
    return _Moment(header, at)


def _recorded(reader: SegmentReader, segment: Segment, frame: StoredFrame, moment: _Moment) -> RecordedFrame | None:
    """A frame with its picture, or None where that is damaged."""
    try:
        return RecordedFrame(moment.header, reader.jpeg(frame), moment.at, segment, reader.header_json(frame))
    except (OSError, SegmentError):
        return None
