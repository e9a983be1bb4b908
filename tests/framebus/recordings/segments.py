"""Segments for tests: pictures that differ, the headers of a camera, and files as a recorder writes them."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import msgspec
from PIL import Image

from framebus.protocol.wire import FrameHeader
from framebus.recordings.matroska import SegmentStart
from framebus.recordings.segment_name import SegmentName
from framebus.recordings.segment_writer import SegmentWriter

STARTED = 1767225600.123456
"""2026-01-01, 00:00:00 UTC."""
MONOTONIC = 5025.5
CLUSTER_MS = 1000


@cache
def jpeg(number: int) -> bytes:
    """A small picture; another one for each number up to 64."""
    file = BytesIO()
    Image.new("RGB", (32, 16), (number % 64 * 4, 80, 80)).save(file, "JPEG")
    return file.getvalue()


def start_at(started: float = STARTED, monotonic: float = MONOTONIC) -> SegmentStart:
    return SegmentStart(
        camera="front",
        started=started,
        monotonic=monotonic,
        boot="7d1f",
        reason="always",
        width=32,
        height=16,
        uid=bytes(range(16)),
        app="framebus test",
    )


def header(ms: int, started: float = STARTED, monotonic: float = MONOTONIC) -> FrameHeader:
    return FrameHeader(
        v=1,
        camera="front",
        seq=ms + 1,
        epoch="9f86d081884c7d65",
        captured=round(started + ms / 1000, 6),
        monotonic=round(monotonic + ms / 1000, 6),
        published=round(monotonic + ms / 1000 + 0.005, 6),
        width=32,
        height=16,
        source="testcard",
        dropped=0,
    )


def segment(times_ms: Sequence[int], started: float = STARTED, *, ended: bool = True) -> bytes:
    """A segment with a frame at each of these times, in clusters of a second."""
    writer = SegmentWriter(start_at(started))
    data = writer.beginning()
    waiting: list[tuple[int, bytes, bytes]] = []
    for number, ms in enumerate(times_ms):
        if waiting and ms - waiting[0][0] >= CLUSTER_MS:
            data += writer.cluster(waiting)
            waiting = []
        waiting.append((ms, msgspec.json.encode(header(ms, started)), jpeg(number)))
    if waiting:
        data += writer.cluster(waiting)
    return data + (writer.end() if ended else b"")


def store(folder: Path, started: float, times_ms: Sequence[int], *, ended: bool = True, keep: bool = False) -> Path:
    """Put a segment of camera front into a folder of recordings; returns its path."""
    seconds = times_ms[-1] / 1000 if ended else None
    path = folder / "front" / SegmentName(int(started * 1000) / 1000, seconds, keep).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(segment(times_ms, started, ended=ended))
    return path
