"""The reader thread, which owns the camera, as the loop in capture.server sees it."""

import logging
import threading
from collections.abc import Callable

from capture import unforeseen
from capture.camera_session import CameraSession
from capture.change_signal import ChangeSignal
from capture.control_queue import MAX_PENDING_REQUESTS, ControlQueue, ControlRequest
from capture.control_service import ControlService
from capture.frame_output import FrameOutput
from capture.rate_control import RateControl
from capture.repeat_log import RepeatLog
from capture.retry_loop import FAILURES_BEFORE_ANOTHER_PROCESS, RetryLoop
from capture.retry_schedule import RetrySchedule
from capture.source import Source
from capture.source_calls import SourceCalls
from capture.trouble import OFFLINE_GRACE_SECONDS, Trouble
from framebus.publishing.frame_builder import MAX_JPEG_BYTES, FrameBuilder, Published

logger = logging.getLogger("capture")

HANG_MARGIN_SECONDS = 10.0
"""Beyond what a call into the source may legitimately take; then the call hangs, and the process has to end."""
CLOSE_SECONDS = 1.0
"""How long the end of the process waits for the camera to be closed."""


class Reader:
    """Reads one camera in a thread of its own. Its descriptor is readable when there is a change of state.

    Frames are published one by one: `seq` rises by one for each.
    """

    def __init__(
        self,
        camera: str,
        make: Callable[[], Source],
        rate_control: RateControl,
        control_service: ControlService,
        publish: Callable[[Published], None],
        *,
        epoch: str,
        stall_timeout: float = 5,
        max_jpeg_bytes: int = MAX_JPEG_BYTES,
        max_megapixels: float | None = None,
        retry_schedule: RetrySchedule | None = None,
        offline_grace: float = OFFLINE_GRACE_SECONDS,
        hang_margin: float = HANG_MARGIN_SECONDS,
        close_timeout: float = CLOSE_SECONDS,
        failures_before_another_process: int = FAILURES_BEFORE_ANOTHER_PROCESS,
    ) -> None:
        """Prepare to read.

        Args:
            camera: its name in the configuration.
            make: makes the source, not yet opened.
            rate_control: the rate at which pictures are wanted.
            control_service: answers requests for controls.
            publish: called with each frame, in the thread that reads.
            epoch: the id of this run of capture.
            stall_timeout: seconds without a complete picture, beyond two frame periods, until the camera is opened
                again. The limit for a call that hangs follows from it.
            max_jpeg_bytes: larger pictures are thrown away; MAX_JPEG_BYTES at most.
            max_megapixels: pictures with more pixels are thrown away; None for no limit.
            retry_schedule: the pauses between attempts to open the camera.
            offline_grace: seconds of failure until `offline`.
            hang_margin: seconds that a call into the camera may take beyond what is legitimate, until it hangs.
            close_timeout: seconds for which `stop` waits until the camera is closed.
            failures_before_another_process: unforeseen failures in a row until nothing is read any more.
        """
        self.ended = False
        """Whether nothing is read any more; before `stop`, because only another process can use the camera."""
        self._camera = camera
        self._rate_control = rate_control
        self._control_service = control_service
        self._stall_timeout = stall_timeout
        self._hang_margin = hang_margin
        self._close_timeout = close_timeout
        self._changed = ChangeSignal()
        self._calls = SourceCalls(camera)
        self._control_queue = ControlQueue(control_service, self.notify)
        self._repeat_log = RepeatLog(logger)
        self._trouble = Trouble(camera, self._repeat_log, offline_grace)
        builder = FrameBuilder(camera, epoch, max_jpeg_bytes, max_megapixels)
        self._output = FrameOutput(builder, publish, self._calls)
        self._session = CameraSession(
            camera,
            make,
            rate_control,
            control_service,
            self._control_queue,
            self._calls,
            self._output,
            self._repeat_log,
            stall_timeout=stall_timeout,
            on_change=self.notify,
            on_picture=lambda: self._retry_loop.recover(),
        )
        self._retry_loop = RetryLoop(
            self._session,
            rate_control,
            control_service,
            self._control_queue,
            self._output,
            self._trouble,
            retry_schedule or RetrySchedule(),
            on_change=self.notify,
            failures_before_another_process=failures_before_another_process,
        )
        self._thread = threading.Thread(target=self._run, name=f"read-{camera}", daemon=True)

    @property
    def source_name(self) -> str:
        """What the camera calls itself; empty until that is known."""
        return self._calls.source_name

    @property
    def opened(self) -> bool:
        """Whether the camera is open."""
        return self._session.opened

    @property
    def bad(self) -> int:
        """Pictures thrown away because they were no complete JPEG."""
        source = self._session.source
        return self._output.bad + (source.damaged if source else 0)

    @property
    def dropped(self) -> int:
        """Pictures of the camera that were lost before they reached the reader."""
        source = self._session.source
        return source.dropped if source else 0

    @property
    def waiting(self) -> str:
        """What the open source waits for before it can give a picture; empty when it waits for nothing."""
        return self._session.waiting

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
        source = self._session.source
        legitimate = source.call_limit_seconds if source else 0.0
        return max(legitimate, 2 * self._stall_timeout) + self._hang_margin

    @property
    def hangs(self) -> bool:
        """Whether a call into the camera has not returned for so long that it may never return."""
        return self._calls.exceeds(self.hang_limit_seconds)

    def start(self) -> None:
        """Begin to read, at the rate that the rate control says."""
        self._thread.start()

    def fileno(self) -> int:
        """Readable when something has changed."""
        return self._changed.fileno()

    def notify(self) -> None:
        """Make the descriptor readable. For any thread."""
        self._changed.notify()

    def clear(self) -> None:
        """Note that the changes so far are known."""
        self._changed.clear()

    def ask(self, request: ControlRequest) -> None:
        """Have the thread that owns the camera answer a request for controls; it opens the camera if need be."""
        if self._control_queue.put(request):
            self._rate_control.nudge()
        else:
            busy = f"{MAX_PENDING_REQUESTS} requests wait already for this camera"
            self._control_queue.reply(request, self._control_service.refusal("busy", busy))

    def want_full(self) -> None:
        """Have one picture of full size, among the others that `take` returns."""
        self._session.want_full()
        self._rate_control.nudge()

    def answers(self) -> list[ControlRequest]:
        """The replies since the last call."""
        return self._control_queue.replies()

    def flush_logs(self) -> None:
        """Log the losses and repeats that are due; to be called about once a second."""
        self._output.flush_log()
        self._trouble.flush()
        self._repeat_log.flush()

    def stop(self) -> None:
        """End the thread and close the camera; a camera that hangs is left to the end of the process."""
        self._rate_control.stop()
        if self._thread.is_alive():
            self._thread.join(self._close_timeout)
        if self._thread.is_alive():
            logger.warning("%s: closing the camera takes too long; the end of the process closes it", self._calls.label)

    def _run(self) -> None:
        try:
            self._retry_loop.run()
        except BaseException as error:  # a mistake of these modules, not of a source: those are handled within
            reason = unforeseen.reason(f"camera {self._camera}", "reading it", error)
            self._retry_loop.fail(reason, at_once=True)
            logger.exception("camera %s: the thread that reads it has failed", self._camera)
        finally:
            self.ended = True
            self.notify()
