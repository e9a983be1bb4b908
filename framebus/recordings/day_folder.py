"""Reads the folder of a day: which segments it has, by their names and by what the file system says of them.

To read all of a day with a file for each minute takes 15 ms of CPU time; those of ten minutes, 2 ms.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from framebus.recordings.segment_name import SECONDS_A_DAY, SegmentName, day_begins, time_of_name
from framebus.recordings.timeline import Segment


def names_in(folder: Path) -> list[str]:
    """What is in a folder, in no order; nothing where there is no folder. Raises OSError."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def changed_ns(folder: Path) -> int:
    """When names in a folder were changed last, in Unix ns; 0 where there is no folder. Raises OSError."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def all_segments(folder: Path, known: Mapping[str, Segment]) -> Iterator[Segment]:
    """All segments of a day, in no order. Of an open one, the end is not known. Raises OSError.

    Args:
        folder: of the day.
        known: by their names, those that need not be looked at again.
    """
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in known:
                yield known[entry.name]
            elif (name := SegmentName.parse(folder.name, entry.name)) is not None:
                with contextlib.suppress(FileNotFoundError):
                    # To open a pipe would wait for ever, and a link may lead anywhere.
                    if entry.is_file(follow_symlinks=False):
                        yield segment_of(folder / entry.name, name, entry.stat())


def some_segments(folder: Path, begin: float, end: float, longest_seconds: float) -> Iterator[Segment]:
    """The segments of a day that touch a time, as `all_segments` yields them, and all open ones. Raises OSError.

    Args:
        folder: of the day.
        begin: of the time, in Unix seconds.
        end: of the time.
        longest_seconds: those that began before the time by more than this are left out.
    """
    midnight, first = day_begins(folder.name) or 0, begin - longest_seconds
    if end < midnight:
        return
    least = time_of_name(first) if first > midnight else ""
    most = time_of_name(end) + "~" if end < midnight + SECONDS_A_DAY else "~"
    for file in names_in(folder):
        if not least <= file <= most or (name := SegmentName.parse(folder.name, file)) is None:
            continue
        if name.seconds is None or name.start + name.seconds >= begin:
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(folder / file)
                if stat.S_ISREG(status.st_mode):
                    yield segment_of(folder / file, name, status)


def first_start(folder: Path) -> float | None:
    """When the first segment of a day begins, in Unix seconds; None where there is none. Raises OSError."""
    for file in sorted(names_in(folder)):
        name = SegmentName.parse(folder.name, file)
        if name is not None and (folder / file).is_file() and not (folder / file).is_symlink():
            return name.start
    return None


def segment_of(path: Path, name: SegmentName, status: os.stat_result) -> Segment:
    """The segment that a file is, by its name and by what the file system says of it."""
    return Segment(
        path=path,
        start=name.start,
        begin=name.start,
        end=name.start + (name.seconds or 0.0),
        bytes=status.st_size,
        made=status.st_mtime,
        keep=name.keep,
        is_open=name.seconds is None,
    )
