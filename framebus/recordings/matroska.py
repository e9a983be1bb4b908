"""The parts of Matroska (RFC 9559) that a segment of Motion JPEG has, as bytes. Pure.

A segment is written as live WebM is: the sizes of the file and of its Segment are unknown, so that nothing is ever
rewritten. Its clusters have known sizes, as each is written in one piece, so that a reader can skip them.
"""

import struct
from collections.abc import Sequence

import msgspec

from framebus.recordings import ebml

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
INFO = 0x1549A966
TRACKS = 0x1654AE6B
TAGS = 0x1254C367
CLUSTER = 0x1F43B675
CUES = 0x1C53BB6B
SEEK_HEAD = 0x114D9B74
VOID = 0xEC
TIMESTAMP = 0xE7
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
BLOCK_ADDITIONS = 0x75A1
BLOCK_MORE = 0xA6
BLOCK_ADD_ID = 0xEE
BLOCK_ADDITIONAL = 0xA5
DATE_UTC = 0x4461
TITLE = 0x7BA9
TAG = 0x7373
SIMPLE_TAG = 0x67C8
TAG_NAME = 0x45A3
TAG_STRING = 0x4487
CUE_POINT = 0xBB
CUE_TIME = 0xB3
CUE_TRACK_POSITIONS = 0xB7
CUE_CLUSTER_POSITION = 0xF1
SEEK = 0x4DBB
SEEK_ID = 0x53AB
SEEK_POSITION = 0x53AC
TIMESTAMP_SCALE = 0x2AD7B1
TRACK_ENTRY = 0xAE
CODEC_ID = 0x86
VIDEO = 0xE0
PIXEL_WIDTH = 0xB0
PIXEL_HEIGHT = 0xBA

DATE_EPOCH_UNIX_SECONDS = 978307200
"""2001-01-01, from which DateUTC counts nanoseconds."""
MAX_DATE_NS = (1 << 63) // 1000 * 1000 - 1000
"""In the year 2293; a clock that is wrong may say the year 3000."""
TIMESTAMP_SCALE_NS = 1_000_000
"""Timestamps are milliseconds."""
MAX_BLOCK_MS = 32767
"""A block's time in its cluster is a signed integer of 16 bits."""
HEADER_ADD_ID = 2
"""Of the additional data of a block that is the header of the frame. 1 would be for the codec."""
HEADER_ADD_TYPE = 0x66627573
"""`fbus`. Types are registered, or four letters; FFmpeg passes on types that it does not know."""
FRAME_TRACK = b"\x81"
MOTION_JPEG = "V_MJPEG"
BOOT_TAG, MONOTONIC_TAG, REASON_TAG = "FRAMEBUS_BOOT", "FRAMEBUS_MONOTONIC", "FRAMEBUS_REASON"


class SegmentStart(msgspec.Struct, frozen=True, kw_only=True):
    """What the beginning of a segment says."""

    camera: str
    started: float
    """Unix seconds at which the first frame was captured; exact to the microsecond."""
    monotonic: float
    """The same moment on CLOCK_MONOTONIC."""
    boot: str
    """The id of the boot of the machine that wrote it: `monotonic` compares only within one. Empty: unknown."""
    reason: str
    """Why it was recorded: always, motion or on-demand; clip where it was made of recordings."""
    width: int
    height: int
    uid: bytes
    """16 random bytes."""
    app: str
    """What wrote it."""


class Cue(msgspec.Struct, frozen=True):
    """Where a cluster is, for those who seek."""

    ms: int
    """Time of its first frame, from the start of the segment."""
    position: int
    """Of the cluster, from the beginning of the Segment's data."""


def beginning(start: SegmentStart) -> bytes:
    """All that stands before the first cluster."""
    return _ebml_header() + ebml.id_bytes(SEGMENT) + ebml.UNKNOWN_SIZE + _info(start) + _track(start) + _tags(start)


def cluster(ms: int, frames: Sequence[tuple[int, bytes, bytes]]) -> bytes:
    """One cluster.

    Args:
        ms: time of the cluster, from the start of the segment.
        frames: of each frame its time, from the start of the segment, its header, and its JPEG; within MAX_BLOCK_MS
            of `ms`.
    """
    parts = [ebml.unsigned(TIMESTAMP, ms)]
    for frame_ms, header, jpeg in frames:
        more = ebml.unsigned(BLOCK_ADD_ID, HEADER_ADD_ID) + ebml.element(BLOCK_ADDITIONAL, header)
        additions = ebml.element(BLOCK_ADDITIONS, ebml.element(BLOCK_MORE, more))
        head = FRAME_TRACK + struct.pack(">hB", frame_ms - ms, 0)
        block = ebml.id_bytes(BLOCK) + ebml.size_bytes(len(head) + len(jpeg)) + head
        size = len(block) + len(jpeg) + len(additions)
        parts += [ebml.id_bytes(BLOCK_GROUP), ebml.size_bytes(size), block, jpeg, additions]
    size = sum(map(len, parts))
    return b"".join([ebml.id_bytes(CLUSTER), ebml.size_bytes(size), *parts])


def cues(points: Sequence[Cue], position: int) -> bytes:
    """The end of a segment: where the clusters are, and last of all, in END_BYTES, where that list is.

    Args:
        points: of all clusters.
        position: of what this returns, from the beginning of the Segment's data.
    """
    listed = b"".join(
        ebml.element(
            CUE_POINT,
            ebml.unsigned(CUE_TIME, point.ms)
            + ebml.element(
                CUE_TRACK_POSITIONS, ebml.unsigned(0xF7, 1) + ebml.unsigned(CUE_CLUSTER_POSITION, point.position)
            ),
        )
        for point in points
    )
    return ebml.element(CUES, listed) + _end(position)


def _end(position: int) -> bytes:
    seek = ebml.element(SEEK_ID, ebml.id_bytes(CUES)) + ebml.element(SEEK_POSITION, struct.pack(">Q", position))
    return ebml.element(SEEK_HEAD, ebml.element(SEEK, seek))


END_BYTES = len(_end(0))
"""Of the SeekHead at the end of a complete segment, which has a fixed length so that it is found from the end."""


def cues_position(end: bytes) -> int | None:
    """Where the list of clusters is, by the last END_BYTES of a file; None where the file was cut."""
    position = struct.unpack(">Q", end[-8:])[0] if len(end) == END_BYTES else 0
    return position if position and end == _end(position) else None


def ns_of(unix_seconds: float) -> int:
    """A DateUTC. Whole microseconds: a double has no more digits."""
    return min((round(unix_seconds * 1e6) - DATE_EPOCH_UNIX_SECONDS * 1_000_000) * 1000, MAX_DATE_NS)


def unix_seconds(ns: int) -> float:
    """The moment of a DateUTC."""
    return (ns // 1000 + DATE_EPOCH_UNIX_SECONDS * 1_000_000) / 1e6


def _ebml_header() -> bytes:
    return ebml.element(
        EBML,
        ebml.unsigned(0x4286, 1)  # EBMLVersion
        + ebml.unsigned(0x42F7, 1)  # EBMLReadVersion
        + ebml.unsigned(0x42F2, ebml.MAX_ID_BYTES)  # EBMLMaxIDLength
        + ebml.unsigned(0x42F3, ebml.MAX_SIZE_BYTES)  # EBMLMaxSizeLength
        + ebml.text(0x4282, "matroska")  # DocType
        + ebml.unsigned(0x4287, 4)  # DocTypeVersion: BlockAdditionMapping is of version 4
        + ebml.unsigned(0x4285, 2),  # DocTypeReadVersion
    )


def _info(start: SegmentStart) -> bytes:
    return ebml.element(
        INFO,
        ebml.element(0x73A4, start.uid)  # SegmentUUID
        + ebml.unsigned(TIMESTAMP_SCALE, TIMESTAMP_SCALE_NS)
        + ebml.signed(DATE_UTC, ns_of(start.started))
        + ebml.text(TITLE, start.camera)
        + ebml.text(0x4D80, start.app)  # MuxingApp
        + ebml.text(0x5741, start.app),  # WritingApp
    )


def _track(start: SegmentStart) -> bytes:
    mapping = ebml.element(
        0x41E4,  # BlockAdditionMapping
        ebml.unsigned(0x41F0, HEADER_ADD_ID)  # BlockAddIDValue
        + ebml.text(0x41A4, "framebus header")  # BlockAddIDName
        + ebml.unsigned(0x41E7, HEADER_ADD_TYPE),  # BlockAddIDType
    )
    video = ebml.element(VIDEO, ebml.unsigned(PIXEL_WIDTH, start.width) + ebml.unsigned(PIXEL_HEIGHT, start.height))
    return ebml.element(
        TRACKS,
        ebml.element(
            TRACK_ENTRY,
            ebml.unsigned(0xD7, 1)  # TrackNumber
            + ebml.element(0x73C5, start.uid[:8])  # TrackUID
            + ebml.unsigned(0x83, 1)  # TrackType: video
            + ebml.unsigned(0x9C, 0)  # FlagLacing
            + ebml.text(CODEC_ID, MOTION_JPEG)
            + ebml.unsigned(0x55EE, HEADER_ADD_ID)  # MaxBlockAdditionID
            + mapping
            + video,
        ),
    )


def _tags(start: SegmentStart) -> bytes:
    values = {BOOT_TAG: start.boot, MONOTONIC_TAG: f"{start.monotonic:.6f}", REASON_TAG: start.reason}
    simple = [
        ebml.element(SIMPLE_TAG, ebml.text(TAG_NAME, name) + ebml.text(TAG_STRING, value))
        for name, value in values.items()
    ]
    return ebml.element(TAGS, ebml.element(TAG, ebml.element(0x63C0, b"") + b"".join(simple)))  # of all: no Targets
