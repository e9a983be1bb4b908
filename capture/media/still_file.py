"""A picture file as a camera: shown unchanged, or each time that another program overwrites it.

It is read and decoded only when it has changed and a picture is wanted. This needs no PyAV.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from capture.media import reasons
from capture.media.file import check_file
from capture.media.latest_reader import Arrival, LatestReader
from capture.media.picture_decoder import PictureDecoder
from capture.media.stream_clock import Moment
from capture.source import SourceError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"})
LOOK_SECONDS = 0.05
"""How often to look whether a file that another program writes has changed."""
PERIOD_SECONDS = 1 / 25
"""How often a file that does not change is shown, at most."""
HALF_WRITTEN_SECONDS = 2.0
"""For so long a file may hold no complete picture: it is being overwritten in place."""
MAX_FILE_BYTES = 512 * 1024 * 1024

Stamp = tuple[int, int, int]
"""What changes with a file's content: its time, size and inode."""


class StillFile:
    """One picture file. It remembers over `close` and `open` whether another program writes it."""

    def __init__(self, path: Path, name: str, quality: int, max_megapixels: float | None) -> None:
        """`quality`, 1 to 100, is for pictures that are no JPEG."""
        self.lost = 0
        self.waiting = ""
        self.repairs: Mapping[str, int] = {}
        self._path = path
        self._name = name
        self._decoder = PictureDecoder(name, quality, max_megapixels)
        self._stamp: Stamp | None = None
        """Of the picture that was read last."""
        self._jpeg = b""
        self._is_written = False

    def open(self) -> None:
        """Raises SourceError."""
        check_file(self._path, self._name)
        stamp = self._look()
        if stamp == self._stamp and self._is_written:
            raise SourceError(reasons.not_written(self._name, time.time() - stamp[0] / 1e9))
        if stamp != self._stamp and self._read(stamp):
            self._is_written = self._is_written or self._stamp is not None
            self._stamp = stamp
        elif stamp != self._stamp:
            raise SourceError(reasons.nothing_complete(self._name))

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """A picture whenever one is wanted. Raises SourceError."""
        failing_since: float | None = None
        fresh = True
        while latest_reader.until_wanted():
            stamp = self._look()
            if stamp != self._stamp:
                if not self._read(stamp):
                    failing_since = failing_since or time.monotonic()
                    if time.monotonic() - failing_since > HALF_WRITTEN_SECONDS:
                        raise SourceError(reasons.nothing_complete(self._name))
                    latest_reader.pause(LOOK_SECONDS)
                    continue
                self._stamp, self._is_written, fresh, failing_since = stamp, True, True, None
            if fresh or not self._is_written:
                fresh = False
                moment = self._moment(stamp)
                yield Arrival(self._jpeg, moment.captured, moment.monotonic)
            latest_reader.pause(LOOK_SECONDS if self._is_written else PERIOD_SECONDS)

    def interrupt(self) -> None:
        """No read of a file takes long."""

    def close(self) -> None:
        """Nothing is held open."""

    def _moment(self, stamp: Stamp) -> Moment:
        """A file that another program writes was taken when it was written."""
        now = time.monotonic()
        return Moment.at(now - max(0.0, time.time() - stamp[0] / 1e9)) if self._is_written else Moment.at(now)

    def _look(self) -> Stamp:
        try:
            status = os.stat(self._path)
        except OSError as error:
            raise SourceError(reasons.unreadable_file(self._name, error)) from None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self, stamp: Stamp) -> bool:
        """Read and decode; returns whether there is a complete picture."""
        if stamp[1] > MAX_FILE_BYTES:
            return False
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise SourceError(reasons.unreadable_file(self._name, error)) from None
        jpeg = self._decoder.jpeg(data)
        if jpeg is None or self._look() != stamp:
            return False
        self._jpeg = jpeg
        return True
