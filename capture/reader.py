"""The thread that owns the camera: opens it, reads it, checks each picture, and opens it again when it fails.

It hands each frame, ready to be sent, to the loop in capture.server, which owns the sockets.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from capture.jpeg import Jpeg, JpegError
from capture.pace import Pace
from capture.source import Picture, Source, SourceError
from framebus.losses import Losses
from framebus.wire import MAX_MESSAGE_BYTES, VERSION, FrameHeader, pack

logger = logging.getLogger("capture")

STALL_SECONDS = 5.0
"""No whole picture for this long, beyond the idle period, and the camera is opened anew."""
RETRY_SECONDS = (0.5, 1.0, 2.0)
"""Pauses between attempts to open the camera; the last one goes on."""
CLOSE_SECONDS = 1.0
"""How long the end of the process waits for a camera that does not let go."""
MAX_JPEG_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""Leaves room for the header."""


@dataclass(frozen=True, slots=True)
class Published:
    """A frame as it goes out."""

    header: FrameHeader
    message: bytes


class Reader:
    """Reads one camera in a thread of its own. Its descriptor is readable when there is a frame, or news of the camera.

    Frames are handed over one by one: `seq` rises by one for each that `take` returns.
    """

    def __init__(
        self, camera: str, make: Callable[[], Source], pace: Pace, *, epoch: str, orientation: int = 1
    ) -> None:
        self.source_name = ""
        self.trouble = ""
        """Why there is no picture; empty while all is well."""
        self.opened = False
        self.ended = False
        """Whether nothing is read any more; before `stop`, because of a failure that nobody foresaw."""
        self._camera = camera
        self._make = make
        self._pace = pace
        self._epoch = epoch
        self._orientation = orientation
        self._source: Source | None = None
        self._failures = 0
        self._seq = 0
        self._frame: Published | None = None
        self._emptied = threading.Condition()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._losses = Losses(logger)
        self._thread = threading.Thread(target=self._run, name=f"read-{camera}", daemon=True)

    @property
    def bad(self) -> int:
        """Pictures thrown away because they were no whole JPEG."""
        return self._losses.total.total() + (self._source.damaged if self._source else 0)

    @property
    def dropped(self) -> int:
        """Pictures of the camera that never reached us."""
        return self._source.dropped if self._source else 0

    def start(self) -> None:
        """Begin to read, at the pace."""
        self._thread.start()

    def fileno(self) -> int:
        """Readable when `take` should be called."""
        return self._event

    def take(self) -> Published | None:
        """The frame that waits, if any."""
        os.eventfd_read(self._event)
        with self._emptied:
            frame, self._frame = self._frame, None
            self._emptied.notify()
        return frame

    def flush_losses(self) -> None:
        """Say what was lost and not yet said; to be called about once a second."""
        self._losses.flush()

    def stop(self) -> None:
        """End the thread and let go of the camera; a camera that hangs is left to the end of the process."""
        self._pace.stop()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            name = self.source_name or f"camera {self._camera}"
            logger.warning("%s: the camera does not let go; leaving it to the end of the process", name)

    def _run(self) -> None:
        try:
            self._read_while_wanted()
        finally:
            self.ended = True
            self._tell()

    def _read_while_wanted(self) -> None:
        while not self._pace.stopped:
            if not self._pace.wanted:
                self._pace.pause(1.0)
                continue
            try:
                self._read_until_closed()
            except SourceError as error:
                self._in_trouble(str(error))
                self._pace.pause(RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)])
                self._failures += 1

    def _read_until_closed(self) -> None:
        self._source = source = self._source or self._make()
        self.source_name = source.name
        try:
            source.open()
            self.opened = True
            self._tell()
            self._read(source)
        finally:
            source.close()
            self.opened = False
            self._tell()

    def _read(self, source: Source) -> None:
        last_whole = time.monotonic()
        paced = self._pace.fps
        flaw = ""
        while self._pace.wanted:
            picture = source.read(self._pace, self._seq + 1)
            if picture is not None:
                try:
                    frame = self._frame_of(picture, source)
                except JpegError as error:
                    flaw = f"; the last one was {error}"
                    self._losses.count("pictures thrown away that are no whole JPEG", str(error))
                else:
                    last_whole, flaw = time.monotonic(), ""
                    self._well()
                    self._hand_over(frame)
            fps = self._pace.fps
            if fps != paced:  # what was an idle period so far is no silence of the new rate
                paced, last_whole = fps, time.monotonic()
            if fps > 0 and time.monotonic() - last_whole > STALL_SECONDS + 1 / fps:
                raise SourceError(f"{source.name}: no whole picture for {time.monotonic() - last_whole:.0f} s{flaw}")

    def _frame_of(self, picture: Picture, source: Source) -> Published:
        """Raises JpegError."""
        if len(picture.jpeg) > MAX_JPEG_BYTES:
            raise JpegError(f"{len(picture.jpeg)} bytes, allowed: at most {MAX_JPEG_BYTES}")
        jpeg = Jpeg.parse(picture.jpeg).with_huffman_tables()
        if self._orientation != 1:
            jpeg = jpeg.with_orientation(self._orientation)
        header = FrameHeader(
            v=VERSION,
            camera=self._camera,
            seq=self._seq + 1,
            epoch=self._epoch,
            captured=round(picture.captured, 6),
            monotonic=round(picture.monotonic, 6),
            published=round(time.monotonic(), 6),
            width=jpeg.width,
            height=jpeg.height,
            orientation=jpeg.orientation,
            source=source.name,
            dropped=source.dropped,
            camera_metadata=picture.metadata or msgspec.UNSET,
        )
        return Published(header, pack("live", self._camera, header, jpeg.data))

    def _hand_over(self, frame: Published) -> None:
        """Put the frame where `take` finds it, once the one before was taken: none that has a number is skipped."""
        with self._emptied:
            while self._frame is not None and not self._pace.stopped:
                self._emptied.wait(0.1)
            self._frame = frame
            self._seq = frame.header.seq
        self._tell()

    def _in_trouble(self, reason: str) -> None:
        if reason != self.trouble:
            logger.warning("camera %s offline: %s", self._camera, reason)
        self.trouble = reason
        self._tell()

    def _well(self) -> None:
        if self.trouble:
            logger.info("camera %s is back", self._camera)
        self.trouble = ""
        self._failures = 0

    def _tell(self) -> None:
        os.eventfd_write(self._event, 1)
