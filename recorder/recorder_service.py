"""Answers requests to the recorder, and says what it does for each camera. No sockets."""

from collections.abc import Mapping

from framebus.protocol.recorder import RecorderError, RecorderHeader, RecorderRequest, RecorderState, parse_request
from framebus.protocol.wire import VERSION, ErrorHeader, one_line, pack
from recorder.camera_recording import CameraRecording
from recorder.cleaner import MAX_MARKS, Cleaner, Mark
from recorder.disk_writer import CameraCounts, DiskWriter
from recorder.incoming_frame import IncomingFrame

NO_CAMERA = ""
HANG_SECONDS = 10.0
"""A disk that takes longer for one piece does not record."""


class RecorderService:
    """One thread calls it."""

    def __init__(
        self,
        cameras: Mapping[str, CameraRecording],
        writer: DiskWriter,
        cleaner: Cleaner,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        """`cameras` are all of the configuration, by name."""
        self._hang_seconds = hang_seconds
        self._cameras = cameras
        self._writer = writer
        self._cleaner = cleaner
        self.missed: dict[str, int] = {}
        """Frames of each camera that did not arrive."""
        self.started: list[tuple[str, list[IncomingFrame]]] = []
        """What is to be recorded of the time before a recording was asked for; its reader clears it."""
        self.has_changed = False
        """Whether a recording was started or stopped; its reader clears it."""
        self.silent: dict[str, str] = {}
        """Why no frames of a camera come, where they should."""

    def answer(self, message: bytes, now: float) -> bytes:
        """Do what a request says, and return the reply, a complete message. `now` is seconds of a steady clock."""
        camera = NO_CAMERA
        try:
            request = parse_request(message)
            camera = request.camera
            self._do(request, now)
            return pack("recorder", camera, self.state(camera, now))
        except RecorderError as error:
            named = camera if camera in self._cameras else NO_CAMERA
            return pack("error", named, ErrorHeader(v=VERSION, code=error.code, message=str(error)))

    def state(self, camera: str, now: float) -> RecorderHeader:
        """What the recorder does for a camera."""
        recording = self._cameras[camera]
        counts = self._writer.counts.get(camera, CameraCounts())
        holding = self._cleaner.holding
        state, reason = self._state(camera, recording, counts, now)
        return RecorderHeader(
            v=VERSION,
            camera=camera,
            state=state,
            reason=one_line(reason),
            modes=sorted(recording.modes),
            demanded=recording.is_demanded(now),
            seconds_left=recording.demanded_seconds(now),
            frames=counts.frames,
            bytes=counts.bytes,
            missed=self.missed.get(camera, 0),
            dropped=counts.dropped,
            held_bytes=holding.bytes,
            kept_bytes=holding.kept_bytes,
            segments=holding.segments,
            oldest=holding.oldest,
            free_bytes=holding.free_bytes,
            deleted=self._cleaner.deleted.total(),
        )

    def _state(
        self, camera: str, recording: CameraRecording, counts: CameraCounts, now: float
    ) -> tuple[RecorderState, str]:
        if not recording.modes:
            return "off", ""
        if counts.reason:
            return "failed", counts.reason
        if (seconds := self._writer.busy_seconds) > self._hang_seconds:
            return "failed", f"the disk of the recordings has not answered for {seconds:.0f} s"
        wanted = recording.is_recording(now)
        if wanted and camera in self.silent:
            return "waiting", self.silent[camera]
        return ("recording" if wanted or counts.path is not None else "waiting"), ""

    def _do(self, request: RecorderRequest, now: float) -> None:
        """Raises RecorderError."""
        camera = request.camera
        if camera not in self._cameras:
            raise RecorderError("unknown-camera", f"there is no camera {camera}; there is {', '.join(self._cameras)}")
        recording = self._cameras[camera]
        match request.action:
            case "start" if not recording.modes:
                raise RecorderError("off", f"camera {camera} is not recorded; set record in [camera.{camera}]")
            case "start":
                self.started.append((camera, recording.start(now, request.seconds)))
                self.has_changed = True
            case "stop":
                recording.stop()
                self.has_changed = True
            case "keep" | "release":
                assert request.begin is not None
                assert request.end is not None
                keep = request.action == "keep"
                if not self._cleaner.takes_marks:
                    raise RecorderError("busy", f"{MAX_MARKS} requests to keep or release wait for the disk already")
                if self._writer.is_writing(camera, request.begin, request.end):
                    self._writer.mark(camera, keep)
                self._cleaner.mark(Mark(camera, request.begin, request.end, keep))
