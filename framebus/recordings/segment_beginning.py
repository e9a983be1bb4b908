"""Reads what a segment begins with, and the list of its clusters that it ends with. Pure: bytes in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from framebus.errors import FramebusError
from framebus.protocol.wire import MAX_PIXELS
from framebus.recordings import ebml, matroska

MAX_TEXT_BYTES = 1024


class SegmentError(FramebusError, ValueError):
    """A file is no segment, or a frame in it is damaged; the text says why."""


class SegmentInfo(msgspec.Struct):
    """What the beginning of a segment says."""

    camera: str = ""
    started: float = 0.0
    """Unix seconds of its first frame."""
    width: int = 1
    height: int = 1
    scale_ns: int = matroska.TIMESTAMP_SCALE_NS
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    data_begins: int = 0
    """The offset of the Segment's data."""
    clusters_begin: int = 0
    """The offset of the first cluster, or where it will be."""

    @property
    def boot(self) -> str:
        """The boot of the machine that wrote it; empty where another program did."""
        return self.tags.get(matroska.BOOT_TAG, "")

    @property
    def reason(self) -> str:
        """Why it was recorded; empty where another program wrote it."""
        return self.tags.get(matroska.REASON_TAG, "")

    @property
    def monotonic(self) -> float | None:
        """`started` on CLOCK_MONOTONIC; None where another program wrote it."""
        with contextlib.suppress(KeyError, ValueError):
            return float(self.tags[matroska.MONOTONIC_TAG])
        return None


def parse_beginning(data: bytes, path: Path) -> SegmentInfo:
    """Read the first bytes of a file. Raises SegmentError where it is no segment; `path` is what it calls it."""
    first = ebml.read_head(data)
    if first is None or first.id != matroska.EBML or first.size is None:
        raise SegmentError(f"{path}: not a Matroska file")
    at = first.length + first.size
    segment = ebml.read_head(data, at)
    if segment is None or segment.id != matroska.SEGMENT:
        raise SegmentError(f"{path}: a Matroska file without a segment")
    at += segment.length
    info = SegmentInfo(data_begins=at)
    tracks = False
    while (head := ebml.read_head(data, at)) is not None and head.id != matroska.CLUSTER and head.size is not None:
        begins, ends = at + head.length, at + head.length + head.size
        if head.id == matroska.INFO:
            _read_info(data, begins, ends, info)
        elif head.id == matroska.TRACKS:
            tracks = _read_tracks(data, begins, ends, info)
        elif head.id == matroska.TAGS:
            _read_tags(data, begins, ends, info)
        at = ends
    info.clusters_begin = at
    if not tracks:
        raise SegmentError(f"{path}: a Matroska file without Motion JPEG")
    if info.scale_ns != matroska.TIMESTAMP_SCALE_NS:
        raise SegmentError(f"{path}: a Matroska file whose times are not in milliseconds")
    return info


def parse_cues(data: bytes) -> Iterator[tuple[int, int]]:
    """Of each cluster its time in ms, and its position from the beginning of the Segment's data."""
    outer = ebml.read_head(data)
    if outer is None or outer.id != matroska.CUES or outer.size is None:
        return
    for id, begin, end in ebml.children(data, outer.length, outer.length + outer.size):
        if id == matroska.CUE_POINT:
            numbers = {
                inner: int.from_bytes(data[first:last])
                for inner, first, last in _nested(data, begin, end, matroska.CUE_TRACK_POSITIONS)
                if inner in (matroska.CUE_TIME, matroska.CUE_CLUSTER_POSITION)
            }
            if len(numbers) == 2:
                yield numbers[matroska.CUE_TIME], numbers[matroska.CUE_CLUSTER_POSITION]


def _nested(data: bytes, begin: int, end: int, *parents: int) -> Iterator[tuple[int, int, int]]:
    """All elements between two offsets, and those in elements of these ids."""
    for id, first, last in ebml.children(data, begin, end):
        yield id, first, last
        if id in parents:
            yield from _nested(data, first, last, *parents)


def _text(data: bytes, begin: int, end: int) -> str:
    return data[begin : min(end, begin + MAX_TEXT_BYTES)].decode("utf-8", "replace").rstrip("\0")


def _read_info(data: bytes, begin: int, end: int, info: SegmentInfo) -> None:
    for id, first, last in ebml.children(data, begin, end):
        if id == matroska.DATE_UTC and last - first == 8:
            info.started = matroska.unix_seconds(int.from_bytes(data[first:last], signed=True))
        elif id == matroska.TITLE:
            info.camera = _text(data, first, last)
        elif id == matroska.TIMESTAMP_SCALE:
            info.scale_ns = int.from_bytes(data[first:last])


def _read_tracks(data: bytes, begin: int, end: int, info: SegmentInfo) -> bool:
    """Whether there is a track of Motion JPEG."""
    found = False
    for id, first, last in _nested(data, begin, end, matroska.TRACK_ENTRY, matroska.VIDEO):
        if id == matroska.PIXEL_WIDTH:
            info.width = min(max(1, int.from_bytes(data[first:last])), MAX_PIXELS)
        elif id == matroska.PIXEL_HEIGHT:
            info.height = min(max(1, int.from_bytes(data[first:last])), MAX_PIXELS)
        elif id == matroska.CODEC_ID:
            found = _text(data, first, last) == matroska.MOTION_JPEG
    return found


def _read_tags(data: bytes, begin: int, end: int, info: SegmentInfo) -> None:
    name = ""
    for id, first, last in _nested(data, begin, end, matroska.TAG, matroska.SIMPLE_TAG):
        if id == matroska.TAG_NAME:
            name = _text(data, first, last)
        elif id == matroska.TAG_STRING:
            info.tags[name] = _text(data, first, last)
