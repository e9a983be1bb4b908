"""The thread that owns the camera: opens it, reads it, checks each picture, and opens it again when it fails.

It hands each frame, ready to be sent, to the loop in capture.server, which owns the sockets.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from capture.control_service import ControlService
from capture.jpeg import Jpeg, JpegError
from capture.rate_control import RateControl
from capture.repairs import Repairs
from capture.source import Picture, Source, SourceError, SourceStuck
from framebus.protocol.wire import MAX_MESSAGE_BYTES, VERSION, FrameHeader, Kind, pack, retopic
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = logging.getLogger("capture")

HANG_SECONDS = 20.0
"""No call into a camera takes so long that ever returns: opening one that does not answer takes at most ten."""
RETRY_SECONDS = (0.5, 1.0, 2.0)
"""Pauses between attempts to open the camera; the last one goes on."""
STALLS_BEFORE_ANOTHER_PROCESS = 3
"""In a row, without a picture in between: what a process holds may be broken where opening anew does not help."""
CLOSE_SECONDS = 1.0
"""How long the end of the process waits for a camera that does not let go."""
MAX_PENDING_REQUESTS = 16
"""Requests for controls that wait for the camera; more are refused at once."""
MAX_JPEG_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""Leaves room for the header."""


class Stalled(SourceError):
    """The camera is open and gives nothing."""


@dataclass(frozen=True, slots=True)
class Published:
    """A frame as it goes out."""

    header: FrameHeader
    message: bytes
    kind: Kind = "live"


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A request for controls, or the reply to one, and what leads back to who asked."""

    envelope: list[bytes]
    message: bytes


class Reader:
    """Reads one camera in a thread of its own. Its descriptor is readable when there is a frame, or news of the camera.

    Frames are handed over one by one: `seq` rises by one for each that `take` returns.
    """

    def __init__(
        self,
        camera: str,
        make: Callable[[], Source],
        rate_control: RateControl,
        control_service: ControlService,
        *,
        epoch: str,
        stall_timeout: float = 5,
        max_jpeg_bytes: int = MAX_JPEG_BYTES,
        max_megapixels: float | None = None,
    ) -> None:
        """`stall_timeout` are the seconds without a whole picture, beyond the idle period, until it is opened anew.

        Pictures of more than `max_jpeg_bytes`, which may be MAX_JPEG_BYTES at most, or of more than `max_megapixels`
        are thrown away.
        """
        self.source_name = ""
        self.trouble = ""
        """Why there is no picture; empty while all is well."""
        self.opened = False
        self.ended = False
        """Whether nothing is read any more; before `stop`, because of a failure that nobody foresaw."""
        self._camera = camera
        self._make = make
        self._rate_control = rate_control
        self._control_service = control_service
        self._stall_timeout = stall_timeout
        self._max_jpeg_bytes = max_jpeg_bytes
        self._max_megapixels = max_megapixels
        self._repairs = Repairs()
        self._full_wanted = False
        self._requests: deque[ControlRequest] = deque()
        self._answers: deque[ControlRequest] = deque()
        self._epoch = epoch
        self._in_camera_since: float | None = None
        self._source: Source | None = None
        self._failures = 0
        self._stalls = 0
        self._seq = 0
        self._frame: Published | None = None
        self._emptied = threading.Condition()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._losses = RateLimitedLog(logger)
        self._thread = threading.Thread(target=self._run, name=f"read-{camera}", daemon=True)

    @property
    def bad(self) -> int:
        """Pictures thrown away because they were no whole JPEG."""
        return self._losses.total.total() + (self._source.damaged if self._source else 0)

    @property
    def dropped(self) -> int:
        """Pictures of the camera that never reached us."""
        return self._source.dropped if self._source else 0

    @property
    def waiting(self) -> str:
        """What the open source waits for before it can give a picture; empty when it waits for nothing."""
        source = self._source
        return source.waiting if source is not None and self._in_camera_since is not None else ""

    @property
    def hangs(self) -> bool:
        """Whether the camera has not let its thread go for so long that it never may."""
        return self._in_camera_since is not None and time.monotonic() - self._in_camera_since > HANG_SECONDS

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

    def ask(self, request: ControlRequest) -> None:
        """Have a request for controls answered by the thread that has the camera, which is opened for it if need be."""
        if len(self._requests) >= MAX_PENDING_REQUESTS:
            self._answer(
                request,
                self._control_service.refusal("busy", f"{MAX_PENDING_REQUESTS} requests wait already for this camera"),
            )
            return
        self._requests.append(request)
        self._rate_control.nudge()

    def want_full(self) -> None:
        """Have one picture of full size, among the others that `take` returns."""
        self._full_wanted = True
        self._rate_control.nudge()

    def answers(self) -> list[ControlRequest]:
        """The replies since the last call."""
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def flush_losses(self) -> None:
        """Say what was lost and not yet said; to be called about once a second."""
        self._losses.flush()

    def stop(self) -> None:
        """End the thread and let go of the camera; a camera that hangs is left to the end of the process."""
        self._rate_control.stop()
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
        while not self._rate_control.stopped:
            if not self._rate_control.wanted and not self._requests:
                self._rate_control.pause(1.0)
                continue
            try:
                self._read_until_closed()
            except SourceStuck as error:
                self._in_trouble(str(error))
                return  # `ended` then ends the process, and the supervisor starts another
            except SourceError as error:
                self._stalls = self._stalls + 1 if isinstance(error, Stalled) else 0
                if self._stalls >= STALLS_BEFORE_ANOTHER_PROCESS:
                    self._in_trouble(f"{error}; {self._stalls} times in a row, so another process shall try")
                    return
                self._in_trouble(str(error))
                self._pause(RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)])
                self._failures += 1

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; a new rate cuts it short, a request for controls does not."""
        end = time.monotonic() + seconds
        self._refuse_requests()
        while (left := end - time.monotonic()) > 0:
            self._rate_control.pause(left)
            if not self._requests:
                return
            self._refuse_requests()

    def _read_until_closed(self) -> None:
        self._source = source = self._source or self._make()
        self.source_name = source.name
        try:
            self._in_camera_since = time.monotonic()
            source.open()
            self.source_name = source.name  # once more: `auto` knows only now what it is
            self._control_service.restore(source)
            self.opened = True
            self._tell()
            self._process_requests(source)
            self._read(source)
        finally:
            self._in_camera_since = time.monotonic()
            source.close()
            self._in_camera_since = None
            self.opened = False
            self._tell()

    def _read(self, source: Source) -> None:
        last_whole = time.monotonic()
        paced = self._rate_control.fps
        flaw = ""
        while self._rate_control.wanted:
            if self._full_wanted:
                self._take_full(source)
            self._in_camera_since = time.monotonic()
            picture = source.read(self._rate_control, self._seq + 1)
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
                    if self._full_wanted and not source.has_stills:
                        self._hand_over_full(
                            Published(frame.header, retopic(frame.message, "full", self._camera), "full")
                        )
            self._process_requests(source)
            fps = self._rate_control.fps
            if fps != paced:  # what was an idle period so far is no silence of the new rate
                paced, last_whole = fps, time.monotonic()
            silent, waiting = time.monotonic() - last_whole, source.waiting
            patience = max(self._stall_timeout, source.waiting_limit_seconds if waiting else 0)
            if fps > 0 and silent > patience + 1 / fps:
                flaw = f"; {waiting}" if waiting else flaw
                raise Stalled(f"{source.name}: no whole picture for {silent:.0f} s{flaw}")

    def _take_full(self, source: Source) -> None:
        if not source.has_stills:
            return  # the next picture is as large as any
        picture = source.still(self._seq + 1)
        if picture is None:
            return
        try:
            self._hand_over_full(self._frame_of(picture, source, "full"))
        except JpegError as error:
            self._losses.count("pictures thrown away that are no whole JPEG", str(error))

    def _frame_of(self, picture: Picture, source: Source, kind: Kind = "live") -> Published:
        """A picture of full size bears the number of the last one published. Raises JpegError."""
        if len(picture.jpeg) > self._max_jpeg_bytes:
            raise JpegError(f"{len(picture.jpeg)} bytes, allowed: at most {self._max_jpeg_bytes}")
        jpeg = Jpeg.parse(picture.jpeg, self._max_megapixels)
        self._repairs.note(source.name, jpeg.repairs)
        jpeg = jpeg.with_huffman_tables()
        if source.orientation != 1:
            jpeg = jpeg.with_orientation(source.orientation)
        header = FrameHeader(
            v=VERSION,
            camera=self._camera,
            seq=self._seq + 1 if kind == "live" else max(1, self._seq),
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
        return Published(header, pack(kind, self._camera, header, jpeg.data), kind)

    def _hand_over(self, frame: Published) -> None:
        """Put the frame where `take` finds it, once the one before was taken: none that has a number is skipped."""
        with self._emptied:
            while self._frame is not None and not self._rate_control.stopped:
                self._emptied.wait(0.1)
            self._frame = frame
            if frame.kind == "live":
                self._seq = frame.header.seq
        self._tell()

    def _hand_over_full(self, frame: Published) -> None:
        self._full_wanted = False
        self._hand_over(frame)

    def _process_requests(self, source: Source) -> None:
        while self._requests:
            self._answer(self._requests[0], self._control_service.answer(self._requests[0].message, source))
            self._requests.popleft()  # not before: one that finds the camera gone is refused with the reason

    def _refuse_requests(self) -> None:
        while self._requests:
            self._answer(self._requests.popleft(), self._control_service.refusal("offline", self.trouble))

    def _answer(self, request: ControlRequest, reply: bytes) -> None:
        self._answers.append(ControlRequest(request.envelope, reply))
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
        self._failures = self._stalls = 0

    def _tell(self) -> None:
        os.eventfd_write(self._event, 1)
