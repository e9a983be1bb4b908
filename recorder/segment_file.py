"""A segment on the disk: a file that only ever grows by complete pieces, each on the disk when it is written."""

import contextlib
import os
import secrets
from pathlib import Path

import framebus
from framebus.protocol.wire import FrameHeader
from framebus.recordings.matroska import SegmentStart
from framebus.recordings.segment_name import SegmentName
from framebus.recordings.segment_writer import SegmentWriter
from framebus.runtime.atomic_write import sync_folder
from recorder.incoming_frame import IncomingFrame

MODE = 0o640
"""Of a file: its group may read it, where `group` is set."""
FOLDER_MODE = 0o750
SEGMENT_SECONDS = 60.0
CLUSTER_MS = 1000
MAX_SEGMENT_BYTES = 1_000_000_000
"""FAT takes files of up to 4 GB."""
CLOCK_STEP_SECONDS = 1.0
"""Where the wall clock moves by more than this against the monotonic one, it was set."""

WRONG_CLOCK_SECONDS = 2 * 86400.0
"""Where the wall clock of a camera's machine differs by more from ours, its recordings get our times: with its own,
they would be deleted as old at once, or as the first ones where room is needed."""


class SegmentGone(Exception):
    """The file was deleted or moved while it was written."""


class SegmentFile:
    """One file, opened with its first frames."""

    def __init__(
        self, camera_folder: Path, first: IncomingFrame, reason: str, boot: str, begins: float | None = None
    ) -> None:
        """Name it by its first frame, or by `begins`, Unix seconds, where that has a wrong time; `write` creates it."""
        header = first.header
        self._first = header
        self._writer = SegmentWriter(
            SegmentStart(
                camera=header.camera,
                started=header.captured,
                monotonic=header.monotonic,
                boot=boot,
                reason=reason,
                width=header.width,
                height=header.height,
                uid=secrets.token_bytes(16),
                app=f"framebus {framebus.__version__}",
            )
        )
        self._name = SegmentName(int((header.captured if begins is None else begins) * 1000) / 1000)
        self._camera_folder = camera_folder
        self._fd = -1
        self._inode = 0
        self._written = 0
        """Bytes of complete pieces."""
        self.last = header
        """The header of the newest frame in it."""

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._camera_folder / self._name.path

    def takes(self, frame: IncomingFrame, gap_seconds: float, last: FrameHeader | None = None) -> bool:
        """Whether a frame continues this segment; otherwise it begins another one.

        Args:
            frame: to be judged.
            gap_seconds: a longer pause begins another one.
            last: the header of the frame before it, where that is not written yet.
        """
        header, first, last = frame.header, self._first, last or self.last
        stepped = abs((header.captured - header.monotonic) - (last.captured - last.monotonic))
        return (
            last.monotonic <= header.monotonic <= last.monotonic + gap_seconds
            and header.monotonic - first.monotonic < SEGMENT_SECONDS
            and self._written < MAX_SEGMENT_BYTES
            and (header.width, header.height, header.orientation) == (first.width, first.height, first.orientation)
            and stepped < CLOCK_STEP_SECONDS
        )

    def write(self, frames: list[IncomingFrame]) -> int:
        """Append frames, and wait until the disk has it; returns how many bytes were written.

        Raises OSError, and SegmentGone. The file then ends with its last complete piece, as far as the disk allows.
        """
        start = b"" if self._fd >= 0 else self._writer.beginning()
        clusters = b"".join(map(self._writer.cluster, self._groups(frames)))
        if self._fd < 0:
            self._open()
        elif not self._is_there():
            raise SegmentGone(str(self.path))
        self._append(start + clusters)
        self.last = frames[-1].header
        return len(start) + len(clusters)

    def end(self, next_monotonic: float | None = None, keep: bool = False) -> None:
        """Add the list of clusters, close the file, and give it its length as a part of its name.

        Args:
            next_monotonic: when the frame after it was captured, where that continues the recording.
            keep: whether it is marked to be kept.

        Raises OSError. The file is closed in any case.
        """
        if self._fd < 0:
            return
        end = self.last.monotonic if next_monotonic is None else next_monotonic
        try:
            if self._is_there():
                self._append(self._writer.end())
                self._rename(self._name.ended(round(end - self._first.monotonic, 3)).kept(keep))
        finally:
            self.close()

    def close(self) -> None:
        """Close the file as it is."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):  # a disk that is gone
                os.close(self._fd)
        self._fd = -1

    def _groups(self, frames: list[IncomingFrame]) -> list[list[tuple[int, bytes, bytes]]]:
        """The frames of each cluster: of a second, so that a reader that looks for a moment passes over few frames."""
        groups: list[list[tuple[int, bytes, bytes]]] = []
        for frame in frames:
            ms = self._writer.ms(frame.header.monotonic)
            if not groups or ms - groups[-1][0][0] >= CLUSTER_MS:
                groups.append([])
            groups[-1].append((ms, frame.header_json, frame.jpeg))
        return groups

    def _open(self) -> None:
        """Create the file, under the next free name."""
        make_day_folder(self.path.parent)
        while True:
            try:
                self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, MODE)
                break
            except FileExistsError:  # the clock was set back by just so much
                self._name = SegmentName(round(self._name.start + 0.001, 3))
        self._inode = os.fstat(self._fd).st_ino
        sync_folder(self.path.parent)

    def _append(self, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fdatasync(self._fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._written)
                if not self._written:  # a disk that takes names and no data would be full of empty files
                    self.path.unlink()
            raise
        self._written += len(data)

    def _is_there(self) -> bool:
        try:
            return self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _rename(self, name: SegmentName) -> None:
        os.rename(self.path, self._camera_folder / name.path)
        self._name = name
        sync_folder(self.path.parent)


def has_wrong_clock(captured: float, now: float) -> bool:
    """Whether the time of a frame that has just come, in Unix seconds, is that of a wrong clock."""
    return abs(captured - now) > WRONG_CLOCK_SECONDS


def make_day_folder(folder: Path) -> None:
    """Make the folder of a camera's day, where it is not there, so that a power cut leaves it there. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        sync_folder(folder.parent)  # which has the name of the day,
        sync_folder(folder.parents[1])  # and that which has the name of the camera
