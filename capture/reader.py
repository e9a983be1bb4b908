"""The thread that owns the camera: opens it, reads it, checks each picture, and opens it again when it fails.

It hands each frame, ready to be sent, to the loop in capture.server, which owns the sockets.
"""

import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator

from capture import unforeseen
from capture.control_queue import MAX_PENDING_REQUESTS, ControlQueue, ControlRequest
from capture.control_service import ControlService
from capture.frame_builder import MAX_JPEG_BYTES, FrameBuilder, Published
from capture.jpeg import JpegError
from capture.rate_control import RateControl
from capture.repeat_log import RepeatLog
from capture.retry_schedule import MIN_SECONDS_BETWEEN_ATTEMPTS, MIN_SECONDS_FOR_VIEWERS, RetrySchedule
from capture.silence import Silence
from capture.source import Picture, Source, SourceError, SourceStuck
from capture.trouble import OFFLINE_GRACE_SECONDS, Trouble
from framebus.protocol.wire import Kind
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = logging.getLogger("capture")

HANG_MARGIN_SECONDS = 10.0
"""Beyond what a call into the source may legitimately take; then the call hangs, and the process has to end."""
POLL_SECONDS = 0.5
"""How often to look, during a pause, for what makes another attempt worthwhile."""
STALLS_BEFORE_ANOTHER_PROCESS = 3
"""In a row, after this process had pictures: what it holds may be broken where opening again does not help."""
FAILURES_BEFORE_ANOTHER_PROCESS = 20
"""Unforeseen ones in a row, or stalls of a process that never had a picture: about seven minutes."""
STILL_ATTEMPTS = 10
"""A still that does not come must not slow the viewers down for ever."""
CLOSE_SECONDS = 1.0
"""How long the end of the process waits for the camera to be closed."""


class Stalled(SourceError):
    """The camera is open and gives no complete picture."""


class UnforeseenError(SourceError):
    """The source raised something else than SourceError; the text says what."""


class Reader:
    """Reads one camera in a thread of its own. Its descriptor is readable when there is a frame or a change of state.

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
        retry_schedule: RetrySchedule | None = None,
        offline_grace: float = OFFLINE_GRACE_SECONDS,
    ) -> None:
        """Prepare to read.

        Args:
            camera: its name in the configuration.
            make: makes the source, not yet opened.
            rate_control: the rate at which pictures are wanted.
            control_service: answers requests for controls.
            epoch: the id of this run of capture.
            stall_timeout: seconds without a complete picture, beyond two frame periods, until the camera is opened
                again. The limit for a call that hangs follows from it.
            max_jpeg_bytes: larger pictures are thrown away; MAX_JPEG_BYTES at most.
            max_megapixels: pictures with more pixels are thrown away; None for no limit.
            retry_schedule: the pauses between attempts to open the camera.
            offline_grace: seconds of failure until `offline`.
        """
        self.source_name = ""
        self.opened = False
        self.ended = False
        """Whether nothing is read any more; before `stop`, because only another process can use the camera."""
        self._camera = camera
        self._make = make
        self._rate_control = rate_control
        self._control_service = control_service
        self._stall_timeout = stall_timeout
        self._builder = FrameBuilder(camera, epoch, max_jpeg_bytes, max_megapixels)
        self._schedule = retry_schedule or RetrySchedule()
        self._still_attempts = 0
        self._full_wanted = False
        self._requests = ControlQueue(control_service, self._notify)
        self._in_camera_since: float | None = None
        self._source: Source | None = None
        self._flaw = ""
        self._seq = 0
        self._frame: Published | None = None
        self._emptied = threading.Condition()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._losses = RateLimitedLog(logger)
        self._repeat_log = RepeatLog(logger)
        self._trouble = Trouble(camera, self._repeat_log, offline_grace)
        self._tracebacks = unforeseen.TracebackLog(logger)
        self._thread = threading.Thread(target=self._run, name=f"read-{camera}", daemon=True)

    @property
    def bad(self) -> int:
        """Pictures thrown away because they were no complete JPEG."""
        return self._losses.total.total() + (self._source.damaged if self._source else 0)

    @property
    def dropped(self) -> int:
        """Pictures of the camera that were lost before they reached the reader."""
        return self._source.dropped if self._source else 0

    @property
    def waiting(self) -> str:
        """What the open source waits for before it can give a picture; empty when it waits for nothing."""
        source = self._source
        if source is None or not (self.opened or self._in_camera_since is not None):
            return ""
        try:
            return source.waiting
        except BaseException:  # a source that cannot say what it waits for waits for nothing
            return ""

    @property
    def trouble(self) -> str:
        """Why there is no picture; empty while all is well."""
        return self._trouble.reason

    @property
    def offline(self) -> bool:
        """Whether the trouble has lasted for longer than the grace."""
        return self._trouble.offline

    @property
    def hang_limit_seconds(self) -> float:
        """A call into the camera that takes longer than this is taken to hang; opening may take two patiences."""
        legitimate = self._source.call_limit_seconds if self._source else 0.0
        return max(legitimate, 2 * self._stall_timeout) + HANG_MARGIN_SECONDS

    @property
    def hangs(self) -> bool:
        """Whether a call into the camera has not returned for so long that it may never return."""
        since = self._in_camera_since
        return since is not None and time.monotonic() - since > self.hang_limit_seconds

    def start(self) -> None:
        """Begin to read, at the rate that the rate control says."""
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
        """Have the thread that owns the camera answer a request for controls; it opens the camera if need be."""
        if self._requests.put(request):
            self._rate_control.nudge()
        else:
            busy = f"{MAX_PENDING_REQUESTS} requests wait already for this camera"
            self._requests.reply(request, self._control_service.refusal("busy", busy))

    def want_full(self) -> None:
        """Have one picture of full size, among the others that `take` returns."""
        self._full_wanted = True
        self._rate_control.nudge()

    def answers(self) -> list[ControlRequest]:
        """The replies since the last call."""
        return self._requests.replies()

    def flush_logs(self) -> None:
        """Log the losses and repeats that are due; to be called about once a second."""
        self._losses.flush()
        self._trouble.flush()
        self._repeat_log.flush()

    def stop(self) -> None:
        """End the thread and close the camera; a camera that hangs is left to the end of the process."""
        self._rate_control.stop()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            name = self.source_name or f"camera {self._camera}"
            logger.warning("%s: closing the camera takes too long; the end of the process closes it", name)

    def _run(self) -> None:
        try:
            self._read_while_wanted()
        except BaseException as error:  # a mistake of this module, not of a source: those are handled within
            self._fail(unforeseen.reason(f"camera {self._camera}", "reading it", error), at_once=True)
            logger.exception("camera %s: the thread that reads it has failed", self._camera)
        finally:
            self.ended = True
            self._notify()

    def _read_while_wanted(self) -> None:
        while not self._rate_control.stopped:
            if not self._rate_control.wanted and not self._requests:
                self._rate_control.pause(1.0)
                continue
            try:
                self._schedule.attempt()
                fps = self._rate_control.fps
                self._read_until_closed()
            except SourceStuck as error:
                self._fail(str(error), at_once=True)
                return  # `ended` then ends the process, and the supervisor starts another
            except SourceError as error:
                times = self._trouble.count(type(error))
                if times >= self._most_failures(error):
                    self._fail(f"{error}, {times} times in a row: the process ends, to be started again")
                    return
                self._fail(str(error), at_once=isinstance(error, Stalled))
                self._pause(self._schedule.fail(), fps)

    def _most_failures(self, error: SourceError) -> float:
        """After how many failures like this in a row the process ends, so that another one tries."""
        if isinstance(error, Stalled) and self._seq:
            return STALLS_BEFORE_ANOTHER_PROCESS
        return FAILURES_BEFORE_ANOTHER_PROCESS if isinstance(error, (Stalled, UnforeseenError)) else math.inf

    def _pause(self, seconds: float, fps: float) -> None:
        """Wait before the next attempt; `fps` was wanted when the last one began.

        A viewer or a device that comes cuts the pause short; a request for controls or for a still does not.
        """
        end = time.monotonic() + seconds
        self._refuse_requests()
        while not self._rate_control.stopped and (left := end - time.monotonic()) > 0:
            self._rate_control.pause(min(left, POLL_SECONDS))
            self._refuse_requests()
            fps, before = self._rate_control.fps, fps
            if self._source_changed():
                self._schedule.restart()  # a device that was just plugged in may need a moment, and several attempts
                end = min(end, time.monotonic() + self._schedule.until(MIN_SECONDS_BETWEEN_ATTEMPTS))
            elif fps > before:
                end = min(end, time.monotonic() + self._schedule.until(MIN_SECONDS_FOR_VIEWERS))

    def _source_changed(self) -> bool:
        try:
            return self._source is not None and self._source.changed()
        except BaseException:  # the next attempt will tell
            return False

    @contextlib.contextmanager
    def _calling(self, doing: str) -> Iterator[None]:
        """Watch a call into the source. Raises UnforeseenError for what is neither SourceError nor SourceStuck."""
        self._in_camera_since = time.monotonic()
        try:
            yield
        except (SourceError, SourceStuck):
            raise
        except BaseException as error:  # of a library, it may be anything; this thread has to go on
            raise self._unforeseen(doing, error) from None
        finally:
            self._in_camera_since = None

    def _unforeseen(self, doing: str, error: BaseException) -> UnforeseenError:
        text = unforeseen.reason(self.source_name or f"camera {self._camera}", doing, error)
        self._tracebacks.log(text, error)
        return UnforeseenError(text)

    def _read_until_closed(self) -> None:
        with self._calling("setting it up"):
            self._source = source = self._source or self._make()
            self.source_name = source.name
        try:
            self._open(source)
            self._read(source)
        except BaseException as error:
            with contextlib.suppress(SourceError):  # the first failure is the reason
                self._close(source)
            if isinstance(error, (SourceError, SourceStuck)):
                raise
            raise self._unforeseen("reading it", error) from None
        self._close(source)
        self.opened = False
        self._notify()

    def _open(self, source: Source) -> None:
        self._flaw = ""
        with self._calling("opening it"):
            source.open()
            self.source_name = source.name  # once more: `auto` knows only now what it is
        try:
            with self._calling("setting its controls"):
                self._control_service.restore(source)
        except UnforeseenError as error:  # pictures with other settings are better than none
            self._repeat_log.log(logging.WARNING, f"camera {self._camera}: the controls stay as they are: {error}")
        self.opened = True
        self._notify()
        self._process_requests(source)

    def _close(self, source: Source) -> None:
        with self._calling("closing it"):
            source.close()

    def _read(self, source: Source) -> None:
        silence = Silence(self._stall_timeout)
        while self._rate_control.wanted:
            if self._full_wanted and source.has_stills:
                self._take_still(source)
            with self._calling("reading it"):
                picture = source.read(self._rate_control, self._seq + 1)
            if picture is not None and self._publish(picture, source):
                silence.end()
            self._process_requests(source)
            self._check_silence(source, silence)

    def _check_silence(self, source: Source, silence: Silence) -> None:
        fps, waiting = self._rate_control.fps, self.waiting
        if fps <= 0:
            return
        silent = silence.exceeded(fps, source.waiting_limit_seconds if waiting else 0)
        if silent:
            why = waiting or self._flaw or source.flaw
            raise Stalled(f"{self.source_name}: no complete picture for {silent:.0f} s{why and f'; {why}'}")

    def _publish(self, picture: Picture, source: Source) -> bool:
        """Hand over a live picture; returns whether it was complete."""
        frame = self._frame_of(picture, source, "live")
        if frame is None:
            return False
        self._recover()
        self._hand_over(frame)
        if self._full_wanted and not source.has_stills:
            self._hand_over_full(frame.as_full())
        return True

    def _take_still(self, source: Source) -> None:
        self._still_attempts += 1
        if self._still_attempts >= STILL_ATTEMPTS:
            self._full_wanted, self._still_attempts = False, 0
        try:
            with self._calling("taking a still"):
                picture = source.still(self._seq + 1)
        except SourceError as error:
            self._full_wanted, self._still_attempts = False, 0
            if not isinstance(error, UnforeseenError):
                raise
            self._repeat_log.log(logging.WARNING, f"camera {self._camera}: no still: {error}")
            return
        frame = None if picture is None else self._frame_of(picture, source, "full")
        if frame is not None:
            self._hand_over_full(frame)

    def _frame_of(self, picture: Picture, source: Source, kind: Kind) -> Published | None:
        """The frame of a picture; None where that is no complete JPEG, which is counted.

        A picture of full size bears the number of the last one published.
        """
        seq = self._seq + 1 if kind == "live" else max(1, self._seq)
        try:
            return self._builder.build(
                picture,
                seq,
                source=self.source_name,
                orientation=source.orientation,
                dropped=source.dropped,
                kind=kind,
            )
        except JpegError as error:
            self._throw_away(str(error))
        except Exception as error:  # a picture that this code does not understand costs itself alone
            self._throw_away(str(self._unforeseen("checking a picture", error)))
        return None

    def _throw_away(self, why: str) -> None:
        self._flaw = f"the last one was {why}"
        self._losses.count("pictures thrown away that are incomplete JPEGs", why)

    def _hand_over(self, frame: Published) -> None:
        """Put the frame where `take` finds it, once the one before was taken: none that has a number is skipped."""
        with self._emptied:
            while self._frame is not None and not self._rate_control.stopped:
                self._emptied.wait(0.1)
            self._frame = frame
            if frame.kind == "live":
                self._seq = frame.header.seq
        self._notify()

    def _hand_over_full(self, frame: Published) -> None:
        self._full_wanted, self._still_attempts = False, 0
        self._hand_over(frame)

    def _process_requests(self, source: Source) -> None:
        while self._requests:
            try:
                with self._calling("its controls"):
                    self._requests.answer_next(source)
            except UnforeseenError as error:
                self._repeat_log.log(logging.WARNING, f"camera {self._camera}: {error}")
                self._requests.reply_next(self._control_service.refusal("refused", str(error)))

    def _refuse_requests(self) -> None:
        while self._requests:
            self._requests.reply_next(self._control_service.refusal("offline", self.trouble))

    def _fail(self, reason: str, *, at_once: bool = False) -> None:
        self._trouble.begin(reason, at_once=at_once)
        self.opened = False  # not before there is a reason: the state goes on meanwhile
        self._notify()

    def _recover(self) -> None:
        self._trouble.end()
        self._schedule.restart()

    def _notify(self) -> None:
        os.eventfd_write(self._event, 1)
