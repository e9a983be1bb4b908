"""Which segment shows each moment of a camera, so that the time line has no overlap. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

GAP_SECONDS = 3.0
"""Pauses up to this length do not end a span: a camera that hesitates, a segment that follows another."""
ROUNDING_SECONDS = 0.005
"""Names are in milliseconds: segments that overlap by so little follow one another."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and the part of the time line on which it is shown."""

    path: Path
    start: float
    """Unix seconds of its first frame, by its name."""
    begin: float
    """Unix seconds: it is shown from here, which is its start unless a later recording shows that time."""
    end: float
    """To here."""
    bytes: int
    made: float
    """When it was written last, in Unix seconds: of two that claim a moment, the later one is shown."""
    keep: bool = False
    end_hidden: bool = False
    """Whether it lasts longer than it is shown."""
    is_open: bool = False
    """Whether it has not been ended: it is being written, or its writer was killed."""


class Span(msgspec.Struct, frozen=True):
    """A time without gaps."""

    begin: float
    end: float
    bytes: int
    keep: bool
    """Whether all of it is kept."""


def without_overlap(segments: Iterable[Segment]) -> list[Segment]:
    """The segments in the order of time, each cut to where no later made one is shown."""
    ordered = sorted(segments, key=lambda segment: (segment.begin, segment.made))
    line: list[Segment] = []
    for segment in ordered:
        if not line or segment.begin >= line[-1].end - ROUNDING_SECONDS:
            if line and segment.begin < line[-1].end:
                line[-1] = msgspec.structs.replace(line[-1], end=segment.begin)
            line.append(segment)
        elif segment.end > segment.begin:
            _insert(line, segment)
    return line


class Shown(Protocol):
    """A time on the line that `without_overlap` returned, or that is known by names alone."""

    @property
    def begin(self) -> float:
        """Unix seconds."""

    @property
    def end(self) -> float:
        """Unix seconds."""

    @property
    def bytes(self) -> int:
        """The size of its file; 0 where that is not known."""

    @property
    def keep(self) -> bool:
        """Whether it is never deleted to make room."""


def spans(segments: Sequence[Shown], gap_seconds: float = GAP_SECONDS) -> list[Span]:
    """What `without_overlap` returned, joined where the pause is short and the mark is the same."""
    found: list[Span] = []
    begin, end, size, keep = 0.0, 0.0, 0, False
    for number, segment in enumerate(segments):
        if number > 0 and segment.begin - end <= gap_seconds and segment.keep == keep:
            end, size = segment.end, size + segment.bytes
            continue
        if number > 0:
            found.append(Span(begin, end, size, keep))
        begin, end, size, keep = segment.begin, segment.end, segment.bytes, segment.keep
    return [*found, Span(begin, end, size, keep)] if segments else []


def _insert(line: list[Segment], new: Segment) -> None:
    """Add a segment that overlaps others, in place of their parts where it was made later, else around them."""
    first = bisect_right(line, new.begin, key=lambda segment: segment.end)
    last = bisect_left(line, new.end, key=lambda segment: segment.begin)
    pieces = [new]
    kept: list[Segment] = []
    for old in line[first:last]:
        if old.made <= new.made:
            kept += _outside(old, new)
        else:
            pieces = [rest for piece in pieces for rest in _outside(piece, old)]
            kept.append(old)
    line[first:last] = sorted([*kept, *pieces], key=lambda segment: segment.begin)


def _outside(segment: Segment, other: Segment) -> list[Segment]:
    """The parts of a segment before and after another one."""
    if other.end <= segment.begin or other.begin >= segment.end:
        return [segment]
    parts = []
    if segment.begin < other.begin - ROUNDING_SECONDS:
        parts.append(msgspec.structs.replace(segment, end=other.begin, end_hidden=True))
    if segment.end > other.end + ROUNDING_SECONDS:
        parts.append(msgspec.structs.replace(segment, begin=other.end))
    return parts
