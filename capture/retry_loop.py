"""Runs one camera session after the other, with growing pauses after failures."""

import math
import time
from collections.abc import Callable

from capture.camera_session import CameraSession, Stalled
from capture.control_queue import ControlQueue
from capture.control_service import ControlService
from capture.frame_output import FrameOutput
from capture.rate_control import RateControl
from capture.retry_schedule import MIN_SECONDS_BETWEEN_ATTEMPTS, MIN_SECONDS_FOR_VIEWERS, RetrySchedule
from capture.source import SourceError, SourceStuck
from capture.source_calls import UnforeseenError
from capture.trouble import Trouble

UNWANTED_POLL_SECONDS = 1.0
"""How often to look whether the camera is wanted; a change of the rate is noticed at once."""
POLL_SECONDS = 0.5
"""How often to look, during a pause, for what makes another attempt worthwhile."""
STALLS_BEFORE_ANOTHER_PROCESS = 3
"""In a row, after this process had pictures: what it holds may be broken where opening again does not help."""
FAILURES_BEFORE_ANOTHER_PROCESS = 20
"""Unforeseen ones in a row, or stalls of a process that never had a picture: about seven minutes."""


class RetryLoop:
    """Runs sessions while pictures or controls are wanted, until the end of the process."""

    def __init__(
        self,
        session: CameraSession,
        rate_control: RateControl,
        control_service: ControlService,
        control_queue: ControlQueue,
        output: FrameOutput,
        trouble: Trouble,
        schedule: RetrySchedule,
        *,
        on_change: Callable[[], None],
        stalls_before_another_process: int = STALLS_BEFORE_ANOTHER_PROCESS,
        failures_before_another_process: int = FAILURES_BEFORE_ANOTHER_PROCESS,
    ) -> None:
        """Prepare to run.

        Args:
            session: what is run.
            rate_control: the rate at which pictures are wanted, and the end of the process.
            control_service: writes the refusals of requests during a pause.
            control_queue: the requests for controls.
            output: knows whether there was a picture.
            trouble: where failures are noted.
            schedule: the pauses between attempts.
            on_change: called when there is trouble.
            stalls_before_another_process: this many in a row end `run`, if this process had pictures.
            failures_before_another_process: this many unforeseen failures in a row end `run`, and this many stalls of a
                process without pictures.
        """
        self._session = session
        self._rate_control = rate_control
        self._control_service = control_service
        self._control_queue = control_queue
        self._output = output
        self._trouble = trouble
        self._schedule = schedule
        self._on_change = on_change
        self._most_stalls = stalls_before_another_process
        self._most_failures = failures_before_another_process

    def run(self) -> None:
        """Run sessions. Returns when the process ends, or has to: only another one can use the camera then."""
        while not self._rate_control.stopped:
            if not self._rate_control.wanted and not self._control_queue:
                self._rate_control.pause(UNWANTED_POLL_SECONDS)
                continue
            try:
                self._schedule.attempt()
                fps = self._rate_control.fps
                self._session.run()
            except SourceStuck as error:
                self.fail(str(error), at_once=True)
                return
            except SourceError as error:
                times = self._trouble.count(type(error))
                if times >= self._limit_of(error):
                    self.fail(f"{error}, {times} times in a row: the process exits and is restarted")
                    return
                self.fail(str(error), at_once=isinstance(error, Stalled))
                self._pause(self._schedule.fail(), fps)

    def fail(self, reason: str, *, at_once: bool = False) -> None:
        """Note a failure.

        Args:
            reason: why there is no picture.
            at_once: whether the camera is offline without the grace.
        """
        self._trouble.begin(reason, at_once=at_once)
        self._session.opened = False  # not before there is a reason: the state goes on meanwhile
        self._on_change()

    def recover(self) -> None:
        """Note a complete picture: the trouble is over, and the pauses begin with the shortest one again."""
        self._trouble.end()
        self._schedule.restart()

    def _limit_of(self, error: SourceError) -> float:
        """After how many failures like this in a row another process has to try."""
        if isinstance(error, Stalled) and self._output.seq:
            return self._most_stalls
        return self._most_failures if isinstance(error, (Stalled, UnforeseenError)) else math.inf

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
            if self._session.source_changed():
                self._schedule.restart()  # a device that was just plugged in may need a moment, and several attempts
                end = min(end, time.monotonic() + self._schedule.until(MIN_SECONDS_BETWEEN_ATTEMPTS))
            elif fps > before:
                end = min(end, time.monotonic() + self._schedule.until(MIN_SECONDS_FOR_VIEWERS))

    def _refuse_requests(self) -> None:
        while self._control_queue:
            self._control_queue.reply_next(self._control_service.refusal("offline", self._trouble.reason))
