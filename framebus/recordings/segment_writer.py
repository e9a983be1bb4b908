"""Makes the bytes of a segment, piece by piece, so that each piece is appended to a file in one write. Pure."""

from framebus.recordings import ebml, matroska
from framebus.recordings.matroska import Cue, SegmentStart

SEGMENT_HEAD_BYTES = len(ebml.id_bytes(matroska.SEGMENT)) + len(ebml.UNKNOWN_SIZE)


class SegmentWriter:
    """One segment, from `beginning` over clusters of frames to `end`, each called in turn."""

    def __init__(self, start: SegmentStart) -> None:
        """`start` is what the segment begins with; the times of its frames count from there."""
        self.start = start
        self.bytes = 0
        """The length of all pieces so far."""
        self.last_ms = 0
        """Time of the last frame."""
        self._data_begins = 0
        self._cues: list[Cue] = []

    def beginning(self) -> bytes:
        """What the file begins with."""
        data = matroska.beginning(self.start)
        self._data_begins = data.index(ebml.id_bytes(matroska.SEGMENT)) + SEGMENT_HEAD_BYTES
        self.bytes = len(data)
        return data

    def ms(self, monotonic: float) -> int:
        """The time of a frame, from the start of the segment: that of the monotonic clock, which never jumps."""
        return round((monotonic - self.start.monotonic) * 1000)

    def cluster(self, frames: list[tuple[int, bytes, bytes]]) -> bytes:
        """A piece with frames: of each its time, its header and its JPEG, in the order of time."""
        first = frames[0][0]
        self._cues.append(Cue(first, self.bytes - self._data_begins))
        data = matroska.cluster(first, frames)
        self.bytes += len(data)
        self.last_ms = frames[-1][0]
        return data

    def end(self) -> bytes:
        """The last piece: a list of the clusters. A segment without it is as readable, and slower to search."""
        return matroska.cues(self._cues, self.bytes - self._data_begins)
