"""The name of a segment's file, which says all that a list needs: its beginning, its length, and whether it is kept.

    front/2026-11-29/12-00-03.250Z_59.950s.mkv

No name has a colon, as FAT takes none, and the mark `_keep` is part of the name, so that it survives every copy.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import msgspec

DAY_PATTERN = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"
NAME_PATTERN = (
    r"\A([01][0-9]|2[0-3])-([0-5][0-9])-([0-5][0-9])\.([0-9]{3})Z"  # hours, minutes, seconds, milliseconds
    r"(?:_([0-9]{1,6}\.[0-9]{3})s)?(_keep)?\.mkv\Z"  # length
)
SECONDS_A_DAY = 86400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SegmentName(msgspec.Struct, frozen=True, order=True):
    """What a name says."""

    start: float
    """Unix seconds of its first frame, to the millisecond."""
    seconds: float | None = None
    """Its length, to the millisecond; None while it is written, and where its writer was killed."""
    keep: bool = False
    """Whether it is never deleted to make room."""

    @classmethod
    def parse(cls, day: str, file: str) -> "SegmentName | None":
        """Read the names of a folder and of a file in it; None for other files."""
        found = re.match(NAME_PATTERN, file)
        if not found:
            return None
        begins = day_begins(day)
        if begins is None:
            return None
        hours, minutes, whole, ms, seconds, keep = found.groups()
        start = ((begins + 3600 * int(hours) + 60 * int(minutes) + int(whole)) * 1000 + int(ms)) / 1000
        return cls(start, float(seconds) if seconds else None, bool(keep))

    @property
    def path(self) -> Path:
        """The day's folder and the file, below the folder of the camera."""
        moment = EPOCH + timedelta(milliseconds=round(self.start * 1000))
        length = "" if self.seconds is None else f"_{self.seconds:.3f}s"
        keep = "_keep" if self.keep else ""
        time = f"{moment:%H-%M-%S}.{moment.microsecond // 1000:03d}Z"
        return Path(f"{moment:%Y-%m-%d}") / f"{time}{length}{keep}.mkv"

    def ended(self, seconds: float) -> "SegmentName":
        """The name of the same segment once it is complete."""
        return msgspec.structs.replace(self, seconds=seconds)

    def kept(self, keep: bool) -> "SegmentName":
        """The name of the same segment with or without the mark."""
        return msgspec.structs.replace(self, keep=keep)


@lru_cache(maxsize=64)
def day_begins(day: str) -> int | None:
    """Unix seconds of the beginning of a day, by the name of its folder; None for other names."""
    if not re.match(DAY_PATTERN, day):
        return None
    try:
        return (date.fromisoformat(day) - EPOCH.date()).days * SECONDS_A_DAY
    except ValueError:  # such as the 31st of February
        return None


def day_of(unix_seconds: float) -> str:
    """The name of the folder of a moment's day, in UTC."""
    return f"{EPOCH + timedelta(seconds=unix_seconds):%Y-%m-%d}"


def time_of_name(unix_seconds: float) -> str:
    """How the names of segments begin that begin in this second, in UTC."""
    return f"{EPOCH + timedelta(seconds=unix_seconds):%H-%M-%S}"
