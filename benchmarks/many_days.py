"""Recordings of many days of several cameras, made of one segment: in 14 days of them, moments are looked for."""

import os
import shutil
import time
from pathlib import Path

from framebus.recordings.segment_name import SECONDS_A_DAY, SegmentName

CAMERAS = ("front", "back", "left", "right")
DAYS, QUICK_DAYS = 14, 2
MINUTE = 60
"""Seconds between the beginnings of two segments."""


def minutes(days: int) -> range:
    """Each minute of so many whole days before today, in Unix seconds."""
    end = int(time.time()) // SECONDS_A_DAY * SECONDS_A_DAY
    return range(end - days * SECONDS_A_DAY, end, MINUTE)


def make_recordings(folder: Path, segment: Path, seconds: float, moments: range) -> None:
    """Make a segment for each moment. Those of a camera are links to one file, as it would take 2 TB otherwise.

    Their names differ from the times in the file, as where a clock was corrected: this costs what any file costs.

    Args:
        folder: of the recordings, which is made.
        segment: the file.
        seconds: its length.
        moments: when each one begins, in Unix seconds: a minute after the other, from a midnight on.
    """
    folder.mkdir()
    for camera in CAMERAS:
        original = folder / f"{camera}.mkv"
        shutil.copyfile(segment, original)
        for start in moments:
            path = folder / camera / SegmentName(float(start), seconds).path
            if start % SECONDS_A_DAY == 0:
                path.parent.mkdir(parents=True)
            os.link(original, path)
