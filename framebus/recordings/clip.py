"""A span of recordings as one Matroska file, made piece by piece from the original frames."""

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from framebus.recordings.folder import RecordedFrame
from framebus.recordings.matroska import SegmentStart
from framebus.recordings.segment_writer import SegmentWriter

CLUSTER_MS = 1000
"""A cluster begins with the first frame that is so much later than the first one of the cluster before it."""
CLUSTER_BYTES = 1_000_000
"""A cluster ends with the frame with which it has so many bytes. One cluster is in memory at a time."""
CLIP_REASON = "clip"


def clip(frames: Iterable[RecordedFrame], camera: str, uid: bytes, app: str) -> Iterator[bytes]:
    """Make a file of frames, with the pauses between them as they were.

    Args:
        frames: In the order of time, as `RecordingFolder.frames` returns them.
        camera: Its name, for the title.
        uid: 16 random bytes.
        app: What makes the file.

    Yields:
        The file in pieces, each of one cluster at most; nothing at all where there is no frame.

    Raises:
        OSError: The recordings cannot be read.
    """
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        return
    writer = SegmentWriter(_start(first, camera, uid, app))
    yield writer.beginning()
    waiting: list[tuple[int, bytes, bytes]] = []
    waiting_bytes = last_ms = 0
    for frame in chain((first,), rest):
        ms = last_ms = max(last_ms, round((frame.at - first.at) * 1000))
        if waiting and (ms - waiting[0][0] >= CLUSTER_MS or waiting_bytes >= CLUSTER_BYTES):
            yield writer.cluster(waiting)
            waiting, waiting_bytes = [], 0
        waiting.append((ms, frame.header_json or msgspec.json.encode(frame.header), frame.jpeg))
        waiting_bytes += len(frame.jpeg)
    yield writer.cluster(waiting)
    yield writer.end()


def _start(first: RecordedFrame, camera: str, uid: bytes, app: str) -> SegmentStart:
    """Without a boot: the frames may be of several, whose monotonic clocks do not compare."""
    return SegmentStart(
        camera=camera,
        started=first.at,
        monotonic=first.header.monotonic,
        boot="",
        reason=CLIP_REASON,
        width=first.header.width,
        height=first.header.height,
        uid=uid,
        app=app,
    )
