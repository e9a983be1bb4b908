"""The recorded times by the names of the files alone: nothing is asked about a file whose name says all."""

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from framebus.recordings.day_folder import changed_ns, segment_of
from framebus.recordings.segment_name import SegmentName
from framebus.recordings.timeline import ROUNDING_SECONDS, Segment, without_overlap


class NamedTime(NamedTuple):
    """The time of a segment, as its name has it."""

    begin: float
    end: float
    keep: bool
    path: str
    is_open: bool
    bytes: int = 0
    """Not known."""


class NamedTimes:
    """Of one folder of recordings. One thread at a time."""

    def __init__(self, is_settling: Callable[[int], bool], grown: Callable[[Segment], Segment]) -> None:
        """Read nothing yet.

        Args:
            is_settling: whether a folder with this version may change without another one.
            grown: a segment without a length in its name, with the length that it has now.
        """
        self._is_settling = is_settling
        self._grown = grown
        self._days: dict[Path, tuple[int, list[NamedTime]]] = {}
        """By the folder of a day: its version, and its names."""

    def line(self, folders: Iterable[Path]) -> list[NamedTime]:
        """The times of some days, in order and without overlap. Raises OSError."""
        times = sorted(self._now(time) if time.is_open else time for folder in folders for time in self._day(folder))
        if all(time.begin >= before.end and time.begin > before.begin for before, time in pairwise(times)):
            return times
        line: list[NamedTime] = []
        for together in _overlapping(times):
            shown = together if len(together) == 1 else self._without_overlap(together)
            for time in shown:
                if line and time.begin < line[-1].end:  # by less than the rounding
                    line[-1] = line[-1]._replace(end=time.begin)
                line.append(time)
        return line

    def last_before(self, folders: Sequence[Path], moment: float) -> float | None:
        """Until when there is something recorded that began before a moment; None where nothing did. Raises OSError.

        Args:
            folders: of days, in order. Of the newest that has something, and of the one before it, the names are read.
            moment: in Unix seconds.
        """
        found: float | None = None
        for folder in reversed(folders):
            ends = [self._end(time) for time in self._day(folder) if time.begin <= moment]
            if found is not None:  # a segment of the day before may reach beyond midnight
                return max([found, *ends])
            found = max(ends, default=None)
        return found

    def first_after(self, folders: Iterable[Path], moment: float) -> float | None:
        """From when on there is something recorded that ends after a moment; None where nothing does. Raises OSError.

        Args:
            folders: of days, in order, from the day before the moment's on. They are read up to the first that has
                something.
            moment: in Unix seconds.
        """
        for folder in folders:
            for time in self._day(folder):
                if self._end(time) + ROUNDING_SECONDS >= moment:
                    return time.begin
        return None

    def forget_all_but(self, camera: Path, days: Collection[str]) -> None:
        """Forget the days of a camera's folder that were deleted."""
        for folder in [day for day in self._days if day.parent == camera and day.name not in days]:
            del self._days[folder]

    def _day(self, folder: Path) -> list[NamedTime]:
        version = changed_ns(folder)
        known = self._days.get(folder)
        if known is None or known[0] != version or self._is_settling(version):
            known = self._days[folder] = version, sorted(_read(folder)) if version else []
        return known[1]

    def _end(self, time: NamedTime) -> float:
        return self._now(time).end if time.is_open else time.end

    def _now(self, time: NamedTime) -> NamedTime:
        segment = self._segment(time)
        return time if segment is None else time._replace(end=segment.end)

    def _without_overlap(self, times: list[NamedTime]) -> Iterator[NamedTime]:
        """Of times that overlap, the file that was written last is shown."""
        segments = (self._segment(time) for time in times)
        for segment in without_overlap(segment for segment in segments if segment is not None):
            yield NamedTime(segment.begin, segment.end, segment.keep, str(segment.path), segment.is_open)

    def _segment(self, time: NamedTime) -> Segment | None:
        """All that is known of a file; None where it was deleted meanwhile."""
        path = Path(time.path)
        name = SegmentName.parse(path.parent.name, path.name)
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if name is None:
            return None
        segment = segment_of(path, name, status)
        return self._grown(segment) if segment.is_open else segment


def _read(folder: Path) -> Iterator[NamedTime]:
    day = folder.name
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            name = SegmentName.parse(day, entry.name)
            # The kernel says what it is with the name, but for few file systems.
            if name is not None and entry.is_file(follow_symlinks=False):
                end = name.start + (name.seconds or 0.0)
                yield NamedTime(name.start, end, name.keep, entry.path, name.seconds is None)


def _overlapping(times: list[NamedTime]) -> Iterator[list[NamedTime]]:
    """The times in their order, those that overlap together."""
    together: list[NamedTime] = []
    end = 0.0
    for time in times:
        if together and time.begin >= end - ROUNDING_SECONDS and time.begin > together[-1].begin:
            yield together
            together = []
        end = max(end, time.end) if together else time.end
        together.append(time)
    if together:
        yield together
