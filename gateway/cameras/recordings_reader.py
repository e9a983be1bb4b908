"""Reads the folder of recordings for HTTP: spans, frames, files and clips. Nothing here reads a disk in the loop."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from framebus import __version__
from framebus.recordings.clip import clip
from framebus.recordings.event_file import StoredEvent
from framebus.recordings.event_folder import EventFolder
from framebus.recordings.folder import RecordedFrame, RecordingFolder
from framebus.recordings.stored_file import open_segment
from framebus.recordings.timeline import GAP_SECONDS, Segment, Span
from gateway.cameras.disk_threads import DiskThreads
from gateway.net.errors import HttpError

MAX_READERS = 4
"""Files and clips that are read at the same moment; one more thread finds moments, and one lists spans and events."""
MAX_SCALED = 1
"""Frames that are made smaller at the same moment, for pages with a slow link."""
MAX_DOWNLOADS = 16
"""Files and clips that are being sent."""
MAX_LISTED = 2000
"""Spans, and files, in one answer."""
FORGET_SECONDS = 60.0
"""What is known of the folder is forgotten when it was not asked for so long: 300 bytes for each file of it."""
READ_BYTES = 256 * 1024
"""Of a file that are read at once, and are in memory for a client."""

T = TypeVar("T")


class StoredFile(msgspec.Struct, frozen=True):
    """An open file of a segment; `RecordingsReader.file` closes it."""

    descriptor: int
    bytes: int
    """When it was opened; a file that is being written grows."""
    changed_ns: int
    """Unix time in ns."""


class Listing(msgspec.Struct, frozen=True):
    """What there is of a time."""

    spans: list[Span]
    files: list[Segment]
    next: float | None
    """Where the rest begins, in Unix seconds, if there is more than fits."""


class RecordingsReader:
    """Made inside the running loop, closed by its owner. All raise HttpError where the disk fails or is too slow."""

    def __init__(
        self,
        folder: Path,
        *,
        max_downloads: int = MAX_DOWNLOADS,
        max_listed: int = MAX_LISTED,
        lookups: DiskThreads | None = None,
        readers: DiskThreads | None = None,
        forget_seconds: float = FORGET_SECONDS,
    ) -> None:
        """Read nothing yet; the folder need not exist."""
        self._begin(folder)
        self._lookups = lookups or DiskThreads(1)
        self._listings = DiskThreads(1)
        """Of their own: a moment does not wait for the list of many days."""
        self._readers = readers or DiskThreads(MAX_READERS)
        self._scalers = DiskThreads(MAX_SCALED)
        self._max_downloads = max_downloads
        self._max_listed = max_listed
        self._downloads = 0
        self._forget_seconds = forget_seconds
        self._timer: asyncio.TimerHandle | None = None

    @property
    def downloads(self) -> int:
        """How many files and clips are being sent."""
        return self._downloads

    def follow(self, folder: Path) -> None:
        """Read another folder from now on; downloads under way go on."""
        if folder != self._folder.folder:
            self._begin(folder)

    def _begin(self, folder: Path) -> None:
        """Know nothing of a folder yet. Each of the three is used by one thread at a time."""
        self._folder = RecordingFolder(folder)
        self._lists = RecordingFolder(folder)
        self._events = EventFolder(folder)

    def close(self) -> None:
        """Wait for nothing more; reads under way end by themselves."""
        if self._timer is not None:
            self._timer.cancel()

    def _used(self) -> None:
        """The folder is looked at once more."""
        self.close()
        self._timer = asyncio.get_running_loop().call_later(
            self._forget_seconds, lambda: self._begin(self._folder.folder)
        )

    async def listing(
        self,
        camera: str,
        begin: float,
        end: float,
        *,
        files: bool,
        gap_seconds: float = GAP_SECONDS,
        sizes: bool = True,
    ) -> Listing:
        """The spans of a time, and its files if they are wanted; as many as `max_listed`.

        Without `sizes`, those of the spans are 0, which costs a third of the CPU time.
        """
        self._used()
        folder = self._lists

        def look() -> Listing:
            most = self._max_listed
            spans = folder.spans(camera, begin, end, gap_seconds, sizes=sizes)
            segments = folder.segments(camera, begin, end) if files else []
            rest = [spans[most].begin] if len(spans) > most else []
            rest += [segments[most].begin] if len(segments) > most else []
            return Listing(spans[:most], segments[:most], min(rest, default=None))

        with _disk_errors():
            return await self._listings.run(look)

    async def events(
        self, camera: str, begin: float, end: float, *, begun: bool = False
    ) -> tuple[list[StoredEvent], float | None]:
        """The events of a time, as many as `max_listed`, and where the rest begins if there is more.

        Those from before the oldest recording of the camera are left out: nothing can be shown of them. With `begun`,
        so are those that began before the time, which an earlier part of the list has.
        """
        self._used()
        folder, events = self._lists, self._events

        def look() -> tuple[list[StoredEvent], float | None]:
            oldest = folder.oldest(camera)
            if oldest is None:
                return [], None
            found = events.events(camera, max(begin, oldest), end, self._max_listed, begun=begun)
            if len(found) <= self._max_listed:
                return found, None
            rest = found[self._max_listed].start
            listed = [event for event in found if event.start < rest]  # those that began at once stay together
            return listed or found[: self._max_listed], rest

        with _disk_errors():
            return await self._listings.run(look)

    async def frame_at(self, camera: str, at: float) -> RecordedFrame | None:
        """The frame nearest to a moment; None where the moment was not recorded."""
        self._used()
        folder = self._folder

        def look() -> RecordedFrame | None:
            near = folder.is_recorded(camera, at - GAP_SECONDS, at + GAP_SECONDS)
            return folder.frame_at(camera, at) if near else None

        with _disk_errors():
            return await self._lookups.run(look)

    async def look(self, find: Callable[[RecordingFolder], T]) -> T:
        """Call a function with the folder, in the thread that looks things up; it must not keep the folder."""
        self._used()
        folder = self._folder
        with _disk_errors():
            return await self._lookups.run(lambda: find(folder))

    async def scale(self, make: Callable[[], T]) -> T:
        """Call a function in a thread that makes a frame smaller, so that looking things up goes on."""
        return await self._scalers.run(make)

    @contextmanager
    def download(self) -> Iterator[None]:
        """Hold one of the places for downloads while the block runs. Raises HttpError when there is none."""
        if self._downloads >= self._max_downloads:
            message = f"{self._max_downloads} downloads of recordings are in progress already"
            raise HttpError(503, "busy", message)
        self._downloads += 1
        try:
            yield
        finally:
            self._downloads -= 1

    async def open_file(self, camera: str, day: str, file: str) -> StoredFile:
        """Open a segment by its names; pass it to `close_file` afterwards. Raises HttpError 404 without one."""
        folder = self._folder.folder

        def look() -> StoredFile:
            descriptor = open_segment(folder, camera, day, file)
            status = os.fstat(descriptor)
            return StoredFile(descriptor, status.st_size, status.st_mtime_ns)

        try:
            with _disk_errors():
                return await self._readers.run(look, self.close_file)
        except FileNotFoundError:
            message = f"camera {camera} has no recording {day}/{file[:60]}; it may have been deleted, or has ended"
            raise HttpError(404, "not-recorded", message) from None

    @staticmethod
    def close_file(file: StoredFile) -> None:
        """Close it. A read that was given up may still use the descriptor; what that reads goes nowhere."""
        os.close(file.descriptor)

    async def read(self, file: StoredFile, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a file from `begin` up to `end`, piece by piece. Raises HttpError where it became shorter."""
        while begin < end:
            size, offset = min(READ_BYTES, end - begin), begin
            with _disk_errors():
                piece = await self._readers.run(lambda: os.pread(file.descriptor, size, offset))  # noqa: B023
            if not piece:
                raise HttpError(503, "changed", "the file has become shorter")
            begin += len(piece)
            yield piece

    async def clip(self, camera: str, begin: float, end: float) -> AsyncGenerator[bytes, None]:
        """The frames of a time as a Matroska file, piece by piece; nothing where there is none."""
        # A folder of its own, since it is read while others look things up. The files are closed with the generator,
        # which goes with the last reference to it: here, or in the thread of a read that was given up.
        frames = RecordingFolder(self._folder.folder).frames(camera, begin, end)
        pieces = clip(frames, camera, os.urandom(16), f"framebus {__version__}")
        del frames
        while True:
            with _disk_errors():
                piece = await self._readers.run(lambda: next(pieces, b""))
            if not piece:
                return
            yield piece


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Failures of the disk as HttpError, but for a file that is not there."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise HttpError(503, "disk", f"the recordings cannot be read: {error.strerror or error}") from None
