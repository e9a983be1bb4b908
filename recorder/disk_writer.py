"""The thread that writes to the disk, so that a slow or broken one delays no frame and takes a bounded memory."""

import errno
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from framebus.recordings.segment_name import SegmentName
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.camera_recording import Reason
from recorder.disk import Disk, DiskError
from recorder.incoming_frame import IncomingFrame
from recorder.segment_file import SegmentFile, SegmentGone, has_wrong_clock

logger = logging.getLogger("recorder")

IDLE_SECONDS = 1.0
"""How often the thread looks whether a segment has had no frame for too long."""
RETRY_SECONDS = 1.0
"""The pause of a camera after a failure: a broken disk is not asked for each frame."""
MAX_PIECE_BYTES = 8_000_000
"""Frames beyond this are written in another piece, so that a long pre-roll is not copied at once."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
UNKNOWN_BOOT = "unknown"


@dataclass(slots=True)
class Batch:
    """Frames of one camera, to be written in one piece; none: end its segment."""

    camera: str
    frames: list[IncomingFrame]
    reason: Reason = "always"
    gap_seconds: float = 0.0
    boot: str = ""
    """The boot of the machine whose CLOCK_MONOTONIC the frames have; empty where that is not this machine."""
    bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.bytes = sum(frame.size for frame in self.frames)


@dataclass(slots=True)
class CameraCounts:
    """What was done for one camera, since the start."""

    frames: int = 0
    bytes: int = 0
    """On the disk, with all that is written around the frames."""
    dropped: int = 0
    """Frames that could not be written."""
    reason: str = ""
    """Why nothing of it can be written; empty while all is well."""
    retry_at: float = 0.0
    """CLOCK_MONOTONIC of the next attempt, where it cannot."""
    segment: SegmentFile | None = None
    """What is being written; from before its file is made until after it has its last name."""

    @property
    def path(self) -> Path | None:
        """The segment that is being written."""
        segment = self.segment
        return None if segment is None else segment.path


class DiskWriter:
    """Takes batches at once, and writes them in its own thread. Closed by its owner."""

    def __init__(self, disk: Disk, buffer_bytes: int) -> None:
        """Start the thread.

        Args:
            disk: where to write.
            buffer_bytes: frames that wait take at most so much; others are dropped and counted.
        """
        self.waiting_bytes = 0
        self.counts: dict[str, CameraCounts] = {}
        self.space_wanted = threading.Event()
        """Set when something could not be written for lack of space."""
        self.losses = RateLimitedLog(logger)
        self._disk = disk
        self._buffer_bytes = buffer_bytes
        self._busy_since: float | None = None
        """CLOCK_MONOTONIC when the thread began with what it does now; None while it waits."""
        self._marks: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._waiting: deque[Batch] = deque()
        self._closed = False
        self._device: int | None = None
        self._segments: dict[str, tuple[SegmentFile, float, float]] = {}
        """By camera: the open segment, its longest pause, and when it was written to."""
        self._thread = threading.Thread(target=self._run, name="disk-writer", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> bool:
        """Have frames written; returns False where they were dropped, as too much waits already."""
        counts = self.counts.setdefault(batch.camera, CameraCounts())
        with self._changed:
            # One that is larger than half of the buffer counts as so much: the pre-roll is in memory already.
            if self.waiting_bytes + min(batch.bytes, self._buffer_bytes / 2) > self._buffer_bytes and batch.frames:
                counts.dropped += len(batch.frames)
                dropped = True
            else:
                self._waiting.append(batch)
                self.waiting_bytes += batch.bytes
                self._changed.notify()
                dropped = False
        if dropped:
            self.losses.count("frames not recorded", "the disk is too slow", len(batch.frames))
        return not dropped

    @property
    def busy_seconds(self) -> float:
        """How long the disk has worked at one piece; 0 where nothing is to be written. A disk may hang for minutes."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def open_paths(self) -> set[Path]:
        """The segments that are being written."""
        return {path for counts in list(self.counts.values()) if (path := counts.path) is not None}

    def is_writing(self, camera: str, begin: float, end: float) -> bool:
        """Whether the segment that is being written has something of a time, in Unix seconds."""
        counts = self.counts.get(camera)
        path = None if counts is None else counts.path
        name = None if path is None else SegmentName.parse(path.parent.name, path.name)
        return name is not None and name.start <= end and begin <= time.time()

    def mark(self, camera: str, keep: bool) -> None:
        """Keep the segment that is being written once it is complete, or do not."""
        self._marks[camera] = keep

    def close(self, seconds: float) -> None:
        """Write what waits, end all segments, and wait for that so long at most."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, IDLE_SECONDS)
                batch = self._waiting.popleft() if self._waiting else None
                closed = self._closed
            self._busy_since = time.monotonic()
            if batch is not None:
                self._try(batch)
                with self._changed:
                    self.waiting_bytes -= batch.bytes
            elif closed:
                break
            self._end_silent()
            self._busy_since = None
            self.losses.flush()
        for camera in list(self._segments):
            self._end(camera)

    def _try(self, batch: Batch) -> None:
        try:
            self._handle(batch)
        except Exception as error:  # whatever one camera sends, the others are recorded
            self._failed(batch.camera, batch.frames, f"{type(error).__name__}: {error}")

    def _handle(self, batch: Batch) -> None:
        if not batch.frames:
            self._end(batch.camera)
            return
        frames = batch.frames
        while frames:  # a batch may reach into the next segment
            segment = self._segments.get(batch.camera)
            fitting = self._fitting(segment[0] if segment else None, frames, batch.gap_seconds)
            if not fitting:
                following = frames[0].header
                assert segment is not None
                continues = 0 <= following.monotonic - segment[0].last.monotonic <= batch.gap_seconds
                self._end(batch.camera, following.monotonic if continues else None)
                continue
            self._write(batch, fitting)
            frames = frames[len(fitting) :]

    def _fitting(
        self, segment: SegmentFile | None, frames: list[IncomingFrame], gap_seconds: float
    ) -> list[IncomingFrame]:
        """The first frames, as far as they belong into the same segment; none where they begin another one."""
        if segment is None:
            segment = SegmentFile(Path(), frames[0], "", "")
        fitting: list[IncomingFrame] = []
        size = 0
        for frame in frames:
            size += frame.size
            if fitting and size > MAX_PIECE_BYTES:
                break
            if not segment.takes(frame, gap_seconds, fitting[-1].header if fitting else None):
                break
            fitting.append(frame)
        return fitting

    def _write(self, batch: Batch, frames: list[IncomingFrame]) -> None:
        camera, counts = batch.camera, self.counts[batch.camera]
        now = time.monotonic()
        if now < counts.retry_at:
            counts.dropped += len(frames)
            return
        try:
            self._device = self._disk.check(sum(frame.size for frame in frames), self._device)
            held = self._segments.get(camera)
            segment = held[0] if held else self._new(batch, frames)
            try:
                written = segment.write(frames)
            except SegmentGone:
                self._drop(camera)
                segment = self._new(batch, frames)
                written = segment.write(frames)
        except DiskError as error:
            self.space_wanted.set()
            self._failed(camera, frames, str(error))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                self.space_wanted.set()
            self._failed(camera, frames, f"cannot write to {error.filename or self._disk.folder}: {error.strerror}")
        else:
            self._segments[camera] = segment, batch.gap_seconds, now
            counts.frames += len(frames)
            counts.bytes += written
            if counts.reason:
                logger.info("records %s again", camera)
                counts.reason = ""

    def _new(self, batch: Batch, frames: list[IncomingFrame]) -> SegmentFile:
        """A segment that begins with these frames. The cleaner leaves it alone from now on."""
        first, now = frames[0].header, time.time()
        is_wrong = not batch.boot and has_wrong_clock(first.captured, now)
        begins = now - (frames[-1].header.monotonic - first.monotonic) if is_wrong else None
        segment = SegmentFile(self._disk.folder / batch.camera, frames[0], batch.reason, batch.boot, begins)
        self.counts[batch.camera].segment = segment
        return segment

    def _failed(self, camera: str, frames: list[IncomingFrame], reason: str) -> None:
        counts = self.counts[camera]
        counts.retry_at = time.monotonic() + RETRY_SECONDS
        counts.reason = reason
        counts.dropped += len(frames)
        self.losses.count("frames not recorded", reason, len(frames))
        self._drop(camera)

    def _end_silent(self) -> None:
        now = time.monotonic()
        for camera, (_, gap_seconds, written_at) in list(self._segments.items()):
            if now - written_at > gap_seconds + IDLE_SECONDS:
                self._end(camera)

    def _end(self, camera: str, next_monotonic: float | None = None) -> None:
        held = self._segments.pop(camera, None)
        if held is None:
            return
        try:
            held[0].end(next_monotonic, self._marks.pop(camera, False))
        except OSError as error:
            self.losses.count("segments without an end", f"{held[0].path}: {error.strerror}")
        self.counts[camera].segment = None

    def _drop(self, camera: str) -> None:
        """Leave a segment as it is: it is read up to its last complete piece."""
        self._segments.pop(camera, None)
        segment, self.counts[camera].segment = self.counts[camera].segment, None
        if segment is not None:
            segment.close()


def read_boot_id(file: Path = BOOT_ID) -> str:
    """The id of this boot of the machine; the same for all processes, and another one after a restart."""
    try:
        return file.read_text().strip().replace("-", "")[:16]
    except OSError:
        return UNKNOWN_BOOT
