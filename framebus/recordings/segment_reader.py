"""Reads a segment: its frames in order, or those at a moment, also while it is written, cut off or damaged."""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import msgspec

from framebus.protocol.jpeg import EOI, SOI
from framebus.protocol.wire import MAX_MESSAGE_BYTES, VERSION, FrameHeader, WireError, decode
from framebus.recordings import ebml, matroska
from framebus.recordings.segment_beginning import SegmentError, SegmentInfo, parse_beginning, parse_cues

BEGINNING_BYTES = 4096
"""Room for all that stands before the first cluster, in a file of framebus."""
LONG_BEGINNING_BYTES = 256 * 1024
"""The same, in a file of another program."""
PROBE_BYTES = 64
"""Read at the beginning of an element: its head, and the first small elements in it."""
MAX_SEARCH_BYTES = 64 * 1024 * 1024
"""How far a reader looks for the next cluster behind a damaged place."""
SEARCH_STEP_BYTES = 1024 * 1024
MAX_CUES_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 512 * 1024
LEVEL_1 = frozenset(
    {matroska.CLUSTER, matroska.CUES, matroska.SEEK_HEAD, matroska.TAGS, matroska.INFO, matroska.TRACKS}
)
ANOTHER_PROGRAM = "file"
"""The `epoch` of frames without a header, as in files that another program has rewritten."""


class StoredFrame(msgspec.Struct, frozen=True):
    """Where a frame lies in a segment."""

    ms: int
    """Its time, from the start of the segment."""
    offset: int
    size: int
    """Of the JPEG."""
    header_offset: int = 0
    header_size: int = 0
    """Of the frame's header; 0 where the file has none."""


class SegmentIndex(msgspec.Struct, frozen=True):
    """Where the clusters of a complete file are, for the next time that it is opened."""

    version: tuple[int, int, int]
    """Inode, bytes and time of the file for which this holds."""
    info: SegmentInfo
    ms: list[int]
    clusters: list[int]


class SegmentReader:
    """An open segment. Not for several threads at once; closed by its owner, or by leaving a `with` block."""

    def __init__(self, path: str | os.PathLike[str], index: SegmentIndex | None = None) -> None:
        """Open a file and read its beginning; not again where `index` is that of the file.

        Raises OSError, and SegmentError where it is no segment.
        """
        self.path = Path(path)
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._complete = index is not None and index.version == self._version()
            known = index if self._complete else None
            self.info = known.info if known is not None else self._beginning()
        except BaseException:
            self.close()
            raise
        self._next = self.info.clusters_begin
        """Where the first cluster begins that was not looked at yet."""
        self._ms: list[int] = known.ms if known is not None else []
        self._clusters: list[int] = known.clusters if known is not None else []
        """Offsets of the clusters, and above their times."""

    def __enter__(self) -> "SegmentReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        descriptor, self._fd = self._fd, -1
        if descriptor >= 0:
            os.close(descriptor)

    def index(self) -> SegmentIndex | None:
        """What the next reader of this file need not look for; None while the file is not complete. Raises OSError."""
        return SegmentIndex(self._version(), self.info, self._ms, self._clusters) if self._complete else None

    @property
    def is_complete(self) -> bool:
        """Whether its writer has ended it."""
        self.find_clusters()
        return self._complete

    def find_clusters(self) -> int:
        """Look for clusters that were written since the last call; returns how many there are."""
        if not self._complete and not self._clusters:
            self._read_cues()
        if not self._complete:
            self._walk()
        return len(self._clusters)

    def last_ms(self) -> int:
        """The time of the last frame, from the start; 0 where there is none."""
        for number in range(self.find_clusters() - 1, -1, -1):
            frames = list(self.frames_in(number))
            if frames:
                return frames[-1].ms
        return 0

    def frames(self) -> Iterator[StoredFrame]:
        """All frames in order."""
        for number in range(self.find_clusters()):
            yield from self.frames_in(number)

    def frames_in(self, number: int) -> Iterator[StoredFrame]:
        """The frames of a cluster, by its number from 0."""
        yield from self._frames(self._clusters[number])

    def cluster_at(self, ms: int) -> int:
        """The number of the cluster that was being filled at a moment; that of the first for an earlier one."""
        self.find_clusters()
        return max(0, bisect_right(self._ms, ms) - 1)

    def at_or_before(self, ms: int) -> StoredFrame | None:
        """The last frame that is not after a moment."""
        if not self.find_clusters():
            return None
        for number in range(self.cluster_at(ms), -1, -1):
            found = [frame for frame in self.frames_in(number) if frame.ms <= ms]
            if found:
                return found[-1]
        return None

    def after(self, ms: int) -> StoredFrame | None:
        """The first frame after a moment."""
        for number in range(self.cluster_at(ms), len(self._clusters)):
            for frame in self.frames_in(number):
                if frame.ms > ms:
                    return frame
        return None

    def jpeg(self, frame: StoredFrame) -> bytes:
        """The picture, as the camera sent it. Raises SegmentError where it is cut or damaged, and OSError."""
        jpeg = os.pread(self._fd, frame.size, frame.offset)
        if len(jpeg) < frame.size or not jpeg.startswith(SOI) or not jpeg.endswith(EOI):
            raise SegmentError(f"{self.path}: the frame at {frame.offset} is damaged")
        return jpeg

    def header(self, frame: StoredFrame) -> FrameHeader:
        """The header with which it came; one with the size of the segment and the time of its block where it has none.

        Raises OSError.
        """
        if frame.header_size:
            try:
                return decode(os.pread(self._fd, frame.header_size, frame.header_offset), FrameHeader)
            except WireError:
                pass
        monotonic = (self.info.monotonic or 0.0) + frame.ms / 1000
        return FrameHeader(
            v=VERSION,
            camera=self.info.camera,
            seq=frame.ms + 1,
            epoch=ANOTHER_PROGRAM,
            captured=self.info.started + frame.ms / 1000,
            monotonic=monotonic,
            published=monotonic,
            width=self.info.width,
            height=self.info.height,
            source=self.path.name,
            dropped=0,
        )

    def header_json(self, frame: StoredFrame) -> bytes:
        """The header as it is stored; empty where the file has none. Raises OSError."""
        return os.pread(self._fd, frame.header_size, frame.header_offset)

    def _version(self) -> tuple[int, int, int]:
        status = os.fstat(self._fd)
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _beginning(self) -> SegmentInfo:
        try:
            return parse_beginning(os.pread(self._fd, BEGINNING_BYTES, 0), self.path)
        except SegmentError:
            return parse_beginning(os.pread(self._fd, LONG_BEGINNING_BYTES, 0), self.path)

    def _read_cues(self) -> None:
        size = os.fstat(self._fd).st_size
        end = os.pread(self._fd, matroska.END_BYTES, max(0, size - matroska.END_BYTES))
        position = matroska.cues_position(end)
        if position is None:
            return
        position += self.info.data_begins
        if not self.info.clusters_begin <= position < size:
            return
        found = list(parse_cues(os.pread(self._fd, min(size - position, MAX_CUES_BYTES), position)))
        clusters = [self.info.data_begins + offset for _, offset in found]
        if found and all(self.info.clusters_begin <= offset < position for offset in clusters):
            self._ms = list(accumulate((ms for ms, _ in found), max))
            self._clusters = clusters
            self._complete = True

    def _walk(self) -> None:
        """Go from cluster to cluster, as far as the file goes."""
        size = os.fstat(self._fd).st_size
        while self._next < size:
            head = self._head(self._next)
            if head is None or head.id not in {*LEVEL_1, matroska.VOID}:
                if size - self._next <= ebml.MAX_HEAD_BYTES:
                    return  # it may be being written
                found = self._search(self._next + 1, size)
                if found is None:
                    return
                self._next = found
                continue
            begins = self._next + head.length
            if head.id == matroska.CLUSTER:
                probe = os.pread(self._fd, PROBE_BYTES, begins)
                ms = next((probe[at:to] for id, at, to in _first(probe) if id == matroska.TIMESTAMP), None)
                if ms is None and begins + len(probe) >= size:
                    return  # it is being written
                if ms is not None and (not self._clusters or self._next > self._clusters[-1]):
                    self._ms.append(max(int.from_bytes(ms), self._ms[-1] if self._ms else 0))
                    self._clusters.append(self._next)
            if head.size is None:
                found = self._search(begins, size)
                if found is None:
                    return
                self._next = found
            elif begins + head.size > size:
                return  # cut, or being written: looked at again
            else:
                self._complete = self._complete or head.id == matroska.CUES
                self._next = begins + head.size

    def _search(self, offset: int, size: int) -> int | None:
        """The offset of the next cluster."""
        wanted = ebml.id_bytes(matroska.CLUSTER)
        until = min(size, offset + MAX_SEARCH_BYTES)
        while offset < until:
            found = os.pread(self._fd, SEARCH_STEP_BYTES + len(wanted) - 1, offset).find(wanted)
            if found >= 0:
                return offset + found
            offset += SEARCH_STEP_BYTES
        return None

    def _head(self, offset: int) -> ebml.Head | None:
        return ebml.read_head(os.pread(self._fd, ebml.MAX_HEAD_BYTES, offset))

    def _frames(self, cluster: int) -> Iterator[StoredFrame]:
        head = self._head(cluster)
        if head is None or head.id != matroska.CLUSTER:
            return
        size = os.fstat(self._fd).st_size
        at = cluster + head.length
        end = size if head.size is None else min(size, at + head.size)
        cluster_ms = 0
        while at < end:
            probe = os.pread(self._fd, PROBE_BYTES, at)
            child = ebml.read_head(probe)
            if child is None or child.size is None or child.id in LEVEL_1:
                return
            begins, ends = at + child.length, at + child.length + child.size
            if child.id == matroska.TIMESTAMP:
                cluster_ms = int.from_bytes(probe[child.length : child.length + child.size])
            elif child.id == matroska.SIMPLE_BLOCK and ends <= size:
                yield _block(probe[child.length :], begins, child.size, cluster_ms)
            elif child.id == matroska.BLOCK_GROUP:
                frame = self._group(begins, min(ends, size), cluster_ms)
                if frame is not None:
                    yield frame
            at = ends

    def _group(self, at: int, end: int, cluster_ms: int) -> StoredFrame | None:
        frame: StoredFrame | None = None
        while at < end:
            probe = os.pread(self._fd, PROBE_BYTES, at)
            child = ebml.read_head(probe)
            if child is None or child.size is None or at + child.length + child.size > end:
                break  # the group is cut; its picture may be there all the same
            begins = at + child.length
            if child.id == matroska.BLOCK:
                frame = _block(probe[child.length :], begins, child.size, cluster_ms)
            elif child.id == matroska.BLOCK_ADDITIONS and frame is not None:
                found = self._header_in(begins, probe[child.length :])
                if found is not None:
                    frame = msgspec.structs.replace(frame, header_offset=found[0], header_size=found[1])
            at = begins + child.size
        return frame if frame is not None and frame.size > 0 else None

    def _header_in(self, at: int, probe: bytes) -> tuple[int, int] | None:
        """Offset and length of the frame's header in BlockAdditions whose data begins at an offset."""
        more = ebml.read_head(probe)
        if more is None or more.id != matroska.BLOCK_MORE or more.size is None:
            return None
        offset, end, is_ours = more.length, more.length + more.size, False
        while offset < end:
            child = ebml.read_head(probe, offset)
            if child is None or child.size is None:
                return None
            begins = offset + child.length
            if child.id == matroska.BLOCK_ADD_ID:
                is_ours = int.from_bytes(probe[begins : begins + child.size]) == matroska.HEADER_ADD_ID
            elif child.id == matroska.BLOCK_ADDITIONAL and is_ours:
                return (at + begins, child.size) if child.size <= MAX_HEADER_BYTES else None
            offset = begins + child.size
        return None


def _first(probe: bytes) -> Iterator[tuple[int, int, int]]:
    """The small elements at the beginning of another one."""
    return ebml.children(probe, 0, len(probe))


def _block(data: bytes, begins: int, size: int, cluster_ms: int) -> StoredFrame:
    """The frame of a Block or SimpleBlock whose data begins at an offset."""
    track = ebml.number_bytes(data)
    head = track + 3
    relative = struct.unpack_from(">h", data, track)[0] if len(data) >= head else 0
    return StoredFrame(cluster_ms + relative, begins + head, min(size - head, MAX_MESSAGE_BYTES))
