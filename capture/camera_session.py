"""One session with the camera: open it, read it while frames are wanted, answer control requests, close it."""

import contextlib
import logging
from collections.abc import Callable

from capture.control_queue import ControlQueue
from capture.control_service import ControlService
from capture.frame_output import FrameOutput
from capture.rate_control import RateControl
from capture.repeat_log import RepeatLog
from capture.silence import Silence
from capture.source import Source, SourceError, SourceStuck
from capture.source_calls import SourceCalls, UnforeseenError
from framebus.publishing.frame_builder import Published
from framebus.publishing.picture import Picture

STILL_ATTEMPTS = 10
"""A still that does not come must not slow the viewers down for ever."""


class Stalled(SourceError):
    """The camera is open and gives no complete picture."""


class CameraSession:
    """Owns the source of one camera; `run` is one session. Used by one thread; the properties may be read by others."""

    def __init__(
        self,
        camera: str,
        make: Callable[[], Source],
        rate_control: RateControl,
        control_service: ControlService,
        control_queue: ControlQueue,
        calls: SourceCalls,
        output: FrameOutput,
        log: RepeatLog,
        *,
        stall_timeout: float,
        on_change: Callable[[], None],
        on_picture: Callable[[], None],
    ) -> None:
        """Prepare a session.

        Args:
            camera: its name in the configuration.
            make: makes the source, not yet opened.
            rate_control: the rate at which pictures are wanted.
            control_service: sets the controls of a camera that was opened.
            control_queue: the requests for controls.
            calls: watches the calls into the source.
            output: where the pictures go.
            log: for what repeats.
            stall_timeout: seconds without a complete picture, beyond two frame periods, until the session ends.
            on_change: called when the camera was opened, and when it was closed because it is not wanted.
            on_picture: called for the first complete live picture of a session, before it is handed over.
        """
        self.source: Source | None = None
        """Made by the first session that succeeds in it, and kept for the next."""
        self.opened = False
        self._camera = camera
        self._make = make
        self._rate_control = rate_control
        self._control_service = control_service
        self._control_queue = control_queue
        self._calls = calls
        self._output = output
        self._log = log
        self._stall_timeout = stall_timeout
        self._on_change = on_change
        self._on_picture = on_picture
        self._had_picture = False
        self._full_wanted = False
        self._still_attempts = 0

    @property
    def waiting(self) -> str:
        """What the open source waits for before it can give a picture; empty when it waits for nothing."""
        source = self.source
        if source is None or not (self.opened or self._calls.under_way):
            return ""
        try:
            return source.waiting
        except BaseException:  # a source that cannot say what it waits for waits for nothing
            return ""

    def source_changed(self) -> bool:
        """Whether something has changed that makes opening the camera worthwhile again."""
        try:
            return self.source is not None and self.source.changed()
        except BaseException:  # the next attempt will tell
            return False

    def want_full(self) -> None:
        """Have one picture of full size among the next ones."""
        self._full_wanted = True

    def run(self) -> None:
        """Open the camera, read it while pictures are wanted, and close it.

        Raises:
            Stalled: no complete picture came for too long.
            UnforeseenError: the source raised what it is not expected to raise.
            SourceError: the camera cannot be opened, or has stopped.
            SourceStuck: only another process can use the camera.
        """
        with self._calls.watch("setting it up"):
            self.source = source = self.source or self._make()
            self._calls.source_name = source.name
        try:
            self._open(source)
            self._read(source)
        except BaseException as error:
            with contextlib.suppress(SourceError):  # the first failure is the reason
                self._close(source)
            if isinstance(error, (SourceError, SourceStuck)):
                raise
            raise self._calls.unforeseen("reading it", error) from None
        self._close(source)
        self.opened = False
        self._on_change()

    def _open(self, source: Source) -> None:
        self._output.flaw = ""
        self._had_picture = False
        with self._calls.watch("opening it"):
            source.open()
            self._calls.source_name = source.name  # once more: `auto` knows only now what it is
        try:
            with self._calls.watch("setting its controls"):
                self._control_service.restore(source)
        except UnforeseenError as error:  # pictures with other settings are better than none
            self._log.log(logging.WARNING, f"camera {self._camera}: the controls stay as they are: {error}")
        self.opened = True
        self._on_change()
        self._answer_requests(source)

    def _close(self, source: Source) -> None:
        with self._calls.watch("closing it"):
            source.close()

    def _read(self, source: Source) -> None:
        silence = Silence(self._stall_timeout)
        while self._rate_control.wanted:
            if self._full_wanted and source.has_stills:
                self._take_still(source)
            with self._calls.watch("reading it"):
                picture = source.read(self._rate_control, self._output.seq + 1)
            if picture is not None and self._publish(picture, source):
                silence.end(self._rate_control.fps)
            else:
                self._check_silence(source, silence)
            if self._control_queue:
                self._answer_requests(source)

    def _check_silence(self, source: Source, silence: Silence) -> None:
        fps, waiting = self._rate_control.fps, self.waiting
        if fps <= 0:
            return
        silent = silence.exceeded(fps, source.waiting_limit_seconds if waiting else 0)
        if silent:
            why = waiting or self._output.flaw or source.flaw
            name = self._calls.source_name
            raise Stalled(f"{name}: no complete picture for {silent:.0f} s{why and f'; {why}'}")

    def _publish(self, picture: Picture, source: Source) -> bool:
        """Hand over a live picture; returns whether it was complete."""
        frame = self._output.frame_of(picture, source, "live")
        if frame is None:
            return False
        if not self._had_picture:
            self._had_picture = True
            self._on_picture()
        self._output.hand_over(frame)
        if self._full_wanted and not source.has_stills:
            self._hand_over_full(frame.as_full())
        return True

    def _take_still(self, source: Source) -> None:
        self._still_attempts += 1
        if self._still_attempts >= STILL_ATTEMPTS:
            self._full_wanted, self._still_attempts = False, 0
        try:
            with self._calls.watch("taking a still"):
                picture = source.still(self._output.seq + 1)
        except SourceError as error:
            self._full_wanted, self._still_attempts = False, 0
            if not isinstance(error, UnforeseenError):
                raise
            self._log.log(logging.WARNING, f"camera {self._camera}: no still: {error}")
            return
        frame = None if picture is None else self._output.frame_of(picture, source, "full")
        if frame is not None:
            self._hand_over_full(frame)

    def _hand_over_full(self, frame: Published) -> None:
        self._full_wanted, self._still_attempts = False, 0
        self._output.hand_over(frame)

    def _answer_requests(self, source: Source) -> None:
        while self._control_queue:
            try:
                with self._calls.watch("its controls"):
                    self._control_queue.answer_next(source)
            except UnforeseenError as error:
                self._log.log(logging.WARNING, f"camera {self._camera}: {error}")
                self._control_queue.reply_next(self._control_service.refusal("refused", str(error)))
