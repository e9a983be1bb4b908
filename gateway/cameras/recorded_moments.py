"""Which recorded frame a page shows: at a moment, one step further, or next in a film. Reads the disk."""

import msgspec

from framebus.recordings.folder import RecordedFrame, RecordingFolder
from framebus.recordings.timeline import GAP_SECONDS

REACH_SECONDS = 86_400.0
"""How far from a moment a frame may be to be shown for it: a time without recordings shows the last picture before it,
of the same day or night."""


class NextFrame(msgspec.Struct, frozen=True):
    """What comes next in a film."""

    frame: RecordedFrame | None
    """None at the end of the recordings."""
    gaps: list[tuple[float, float]] = msgspec.field(default_factory=list)
    """The times without recordings on the way to it, each from the earlier moment to the later one."""


def frame_shown(folder: RecordingFolder, camera: str, at: float) -> RecordedFrame | None:
    """The newest frame up to a moment, else the first one after it; None where none is within reach. Raises OSError."""
    before = folder.frame_before(camera, at, inclusive=True, since=max(0.0, at - REACH_SECONDS))
    return before or folder.frame_after(camera, at, until=at + REACH_SECONDS)


def frame_beside(folder: RecordingFolder, camera: str, at: float, step: int) -> RecordedFrame | None:
    """The first frame after a moment where `step` is 1, the last one before it where it is -1. Raises OSError."""
    return folder.frame_after(camera, at) if step > 0 else folder.frame_before(camera, at)


def first_frame(folder: RecordingFolder, camera: str, begin: float, *, backwards: bool) -> NextFrame:
    """The frame with which a film begins: the one on the screen at `begin`, unless that is a gap. Raises OSError."""
    if backwards:
        frame = folder.frame_before(camera, begin, inclusive=True)
    else:
        since = max(0.0, begin - GAP_SECONDS)
        frame = folder.frame_before(camera, begin, inclusive=True, since=since) or folder.frame_after(camera, begin)
    return _with_gaps(folder, camera, begin, frame)


def next_frame(folder: RecordingFolder, camera: str, last: float, target: float, *, backwards: bool) -> NextFrame:
    """The frame that follows in a film, and leaves out those that would not be seen.

    Args:
        folder: the recordings.
        camera: its name.
        last: the moment of the frame before it.
        target: where the film is now; of several frames since `last`, the one nearest to it is taken.
        backwards: whether the film runs so.

    Raises:
        OSError: the recordings cannot be read.
    """
    frame = None
    if backwards and target < last:
        frame = folder.frame_after(camera, target, inclusive=True, until=last)
    elif not backwards and target > last:
        frame = folder.frame_before(camera, target, inclusive=True, since=last)
    if frame is None or frame.at == last:
        frame = frame_beside(folder, camera, last, -1 if backwards else 1)
    return _with_gaps(folder, camera, last, frame)


def _with_gaps(folder: RecordingFolder, camera: str, moment: float, frame: RecordedFrame | None) -> NextFrame:
    if frame is None:
        return NextFrame(None)
    return NextFrame(frame, folder.gaps(camera, min(moment, frame.at), max(moment, frame.at)))
