"""What the snapshot service answers, and when: requests and frames in, replies and conversions out.

No sockets, no threads: snapshot.server hands in what comes, and takes away what is to be sent or converted.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from framebus.config.load import Config
from framebus.protocol.stills import ClipHeader, ClipRequest, RequestError, SnapshotRequest, read
from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.wire import VERSION, ErrorHeader, pack
from snapshot.camera_state import CameraState
from snapshot.clips import Clips
from snapshot.conversion import Conversion
from snapshot.errors import StillError
from snapshot.still import Still

MAX_CONVERSIONS = 64
"""Pictures that wait to be converted; more are refused at once."""
REFUSED_CAMERA = 40
"""Letters of a name that is repeated in a refusal."""

Envelope = list[bytes]


@dataclass(eq=False)
class Waiting:
    """A request that waits for a frame, and which frames will do."""

    envelope: Envelope
    request: SnapshotRequest
    deadline: float
    since: float
    """The frame has to be captured after this; CLOCK_MONOTONIC, as all times here."""
    frames_left: int
    """Frames after `since` that pass first."""

    def takes(self, still: Still) -> bool:
        """Whether this frame will do; to be asked once a frame."""
        if still.header.monotonic <= self.since:
            return False
        self.frames_left -= 1
        return self.frames_left < 0


@dataclass(eq=False)
class Job:
    """A picture to be converted, and who waits for it."""

    wanted: Conversion
    still: Still
    askers: list[Envelope] = field(default_factory=list)


class StillService:
    """Answers each request once: with a picture, or with the reason why there is none."""

    def __init__(self, config: Config, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is CLOCK_MONOTONIC, in seconds."""
        self.cameras = {
            camera: CameraState(camera, settings, config.snapshot, now) for camera, settings in config.cameras.items()
        }
        self._most_waiting = config.snapshot.max_requests
        self._most_converted_bytes = config.snapshot.cache_mb * 1e6
        self._now = now
        self._has_full = {camera for camera, settings in config.cameras.items() if settings.still_size}
        self._waiting: dict[str, list[Waiting]] = {camera: [] for camera in config.cameras}
        self._waiting_full: dict[str, list[Waiting]] = {camera: [] for camera in self._has_full}
        self._replies: deque[tuple[Envelope, bytes]] = deque()
        self._new_jobs: deque[Job] = deque()
        self._jobs: dict[Conversion, Job] = {}
        self._converted: OrderedDict[Conversion, bytes] = OrderedDict()
        self._converted_bytes = 0
        self._built: tuple[Still, bytes] | None = None
        self._clips = Clips(now)
        self.keeps_history = config.snapshot.history > 0

    def ask(self, envelope: Envelope, message: bytes) -> None:
        """Take a request, whatever that is."""
        camera = ""
        try:
            request = read(message)
            camera = request.camera
            if camera not in self.cameras:
                raise StillError("unknown-camera", unknown_camera(camera, self.cameras))
            if isinstance(request, ClipRequest):
                self._replies.append((envelope, self._clip(request)))
            else:
                self._answer(envelope, request)
        except RequestError as error:
            self._refuse(envelope, camera, StillError("bad-request", str(error)))
        except StillError as refused:
            self._refuse(envelope, camera, refused)

    def frame(self, camera: str, message: bytes) -> None:
        """Take a `peek/` or `live/` message."""
        still = self.cameras[camera].put(message)
        if still is not None:
            self._serve(self._waiting[camera], still, full=False)

    def full_frame(self, camera: str, message: bytes) -> None:
        """Take a `full/` message."""
        still = self.cameras[camera].full(message)
        if still is not None:
            self._serve(self._waiting_full[camera], still, full=True)

    def status(self, camera: str, message: bytes) -> None:
        """Take a `status/` message."""
        self.cameras[camera].put_status(message)

    def converted(self, job: Job, result: Still | None) -> None:
        """A job is done; None where the picture could not be read."""
        del self._jobs[job.wanted]
        if result is None:
            refused = StillError("damaged", f"a picture of camera {job.wanted.camera} cannot be decoded")
            for envelope in job.askers:
                self._refuse(envelope, job.wanted.camera, refused)
            return
        reply = result.reply
        self._replies.extend((envelope, reply) for envelope in job.askers)
        self._converted[job.wanted] = reply
        self._converted_bytes += len(reply)
        while self._converted_bytes > self._most_converted_bytes:
            self._converted_bytes -= len(self._converted.popitem(last=False)[1])

    def tick(self) -> None:
        """Tell those whose time is over, or whose camera has gone, that there will be no picture."""
        now = self._now()
        for waiting in (*self._waiting.values(), *self._waiting_full.values()):
            for asked in list(waiting):
                trouble = self.cameras[asked.request.camera].trouble
                if trouble:
                    self._give_up(waiting, asked, StillError("offline", trouble))
                elif now >= asked.deadline:
                    seconds = f"{asked.request.timeout:g} s"
                    text = f"camera {asked.request.camera} gave no picture that will do within {seconds}"
                    self._give_up(waiting, asked, StillError("timeout", text))
        self._clips.tick()
        for camera in self.cameras.values():
            camera.flush_losses()

    def replies(self) -> Iterable[tuple[Envelope, bytes]]:
        """What is to be sent, each once."""
        while self._replies:
            yield self._replies.popleft()

    def jobs(self) -> Iterable[Job]:
        """What is to be converted, each once; `converted` is to be called with each."""
        while self._new_jobs:
            yield self._new_jobs.popleft()

    def wants_live(self, camera: str) -> bool:
        """Whether somebody waits for a frame that has to be made."""
        return self.keeps_history or bool(self._waiting[camera])

    def wants_full(self, camera: str) -> bool:
        """Whether somebody waits for a frame of full size."""
        return bool(self._waiting_full.get(camera))

    def seconds_left(self) -> float:
        """Until the first deadline."""
        deadlines = [
            asked.deadline for waiting in (*self._waiting.values(), *self._waiting_full.values()) for asked in waiting
        ]
        return max(0.0, min(deadlines, default=float("inf")) - self._now())

    def _answer(self, envelope: Envelope, request: SnapshotRequest) -> None:
        camera = self.cameras[request.camera]
        if request.at is not None or request.ago is not None:
            self._give(envelope, request, self._past(camera, request))
            return
        now = self._now()
        if request.full and request.camera in self._has_full:
            self._wait(self._waiting_full[request.camera], envelope, request, now)
        elif request.fresh or request.full or self._has_to_settle(camera, request):
            self._wait(self._waiting[request.camera], envelope, request, now)
        elif request.max_age is not None:
            newest = camera.newest
            if newest is not None and camera.age(newest) <= request.max_age:
                self._give(envelope, request, newest)
            else:
                self._wait(self._waiting[request.camera], envelope, request, now - request.max_age)
        elif (current := camera.current) is not None:
            self._give(envelope, request, current)
        elif camera.sleeps and not camera.trouble:
            self._wait(self._waiting[request.camera], envelope, request, now)
        else:
            raise self._nothing_current(camera)

    def _has_to_settle(self, camera: CameraState, request: SnapshotRequest) -> bool:
        awake = camera.awake_seconds
        return awake < request.settle_seconds or awake * camera.fps < request.settle_frames

    def _wait(self, waiting: list[Waiting], envelope: Envelope, request: SnapshotRequest, since: float) -> None:
        camera = self.cameras[request.camera]
        if camera.trouble:
            raise StillError("offline", camera.trouble)
        if len(waiting) >= self._most_waiting:
            raise StillError("busy", f"{self._most_waiting} requests wait already for camera {request.camera}")
        frames = 0
        if self._has_to_settle(camera, request):
            since += max(0.0, request.settle_seconds - camera.awake_seconds)
            frames = request.settle_frames
        waiting.append(Waiting(envelope, request, self._now() + request.timeout, since, frames))

    def _serve(self, waiting: list[Waiting], still: Still, *, full: bool) -> None:
        taking = [asked for asked in waiting if asked.takes(still)]
        served = set(taking)
        waiting[:] = [asked for asked in waiting if asked not in served]
        for asked in taking:
            try:
                self._give(asked.envelope, asked.request, still, full=full)
            except StillError as refused:
                self._refuse(asked.envelope, asked.request.camera, refused)

    def _give(self, envelope: Envelope, request: SnapshotRequest, still: Still, *, full: bool = False) -> None:
        wanted = Conversion.of(still, request, full=full) if request.converts else None
        if wanted is None:
            self._replies.append((envelope, self._reply(still)))
        elif wanted in self._converted:
            self._converted.move_to_end(wanted)
            self._replies.append((envelope, self._converted[wanted]))
        elif wanted in self._jobs:
            self._jobs[wanted].askers.append(envelope)
        elif len(self._jobs) >= MAX_CONVERSIONS:
            raise StillError("busy", f"{MAX_CONVERSIONS} pictures wait already to be converted")
        else:
            self._jobs[wanted] = job = Job(wanted, still, [envelope])
            self._new_jobs.append(job)

    def _reply(self, still: Still) -> bytes:
        """The message with this frame, built once for all who get it."""
        if self._built is None or self._built[0] is not still:
            self._built = still, still.reply
        return self._built[1]

    def _past(self, camera: CameraState, request: SnapshotRequest) -> Still:
        span = camera.history.span
        if span is None:
            reason = "it is empty yet" if self.keeps_history else "set history in [snapshot] to have one"
            raise StillError("not-kept", f"there is no history of camera {camera.camera}: {reason}")
        moment = request.at if request.at is not None else camera.unix_seconds - (request.ago or 0)
        still = camera.history.near(moment)
        if still is None:
            raise StillError(
                "not-kept",
                f"no picture of camera {camera.camera} at {moment:.3f}; kept are {span[0]:.3f} to {span[1]:.3f}",
            )
        return still

    def _clip(self, request: ClipRequest) -> bytes:
        """A page of a clip, and the first one with the clip itself."""
        camera = self.cameras[request.camera]
        try:
            if request.id:
                clip_id, clip = request.id, self._clips.known(request.camera, request.id)
            else:
                stills = camera.history.last(request.seconds)
                if not stills:
                    self._past(camera, SnapshotRequest(camera=request.camera, ago=0))
                clip_id, clip = self._clips.open(request.camera, stills, request.clip)
        except StillError as error:
            raise StillError(error.code, str(error)) from None
        header = ClipHeader(
            v=VERSION,
            camera=request.camera,
            id=clip_id,
            size=clip.size,
            offset=request.offset,
            frames=clip.frames,
            seconds=round(clip.seconds, 3),
        )
        page = clip.page(request.offset, self._clips.PAGE_BYTES)
        if request.offset + len(page) >= clip.size:
            self._clips.close(clip_id)
        return pack("clip", request.camera, header, page)

    def _nothing_current(self, camera: CameraState) -> StillError:
        trouble = f"; {camera.trouble}" if camera.trouble else ""
        if camera.newest is None:
            return StillError("no-frame", f"camera {camera.camera} has not given a picture yet{trouble}")
        age = camera.age(camera.newest)
        return StillError("stale", f"camera {camera.camera} has given no picture for {age:.0f} s{trouble}")

    def _give_up(self, waiting: list[Waiting], asked: Waiting, refused: StillError) -> None:
        waiting.remove(asked)
        self._refuse(asked.envelope, asked.request.camera, refused)

    def _refuse(self, envelope: Envelope, camera: str, refused: StillError) -> None:
        self._replies.append(
            (envelope, pack("error", camera, ErrorHeader(v=VERSION, code=refused.code, message=str(refused))))
        )
