"""What the snapshot service answers, and when: requests and frames in, replies and conversions out.

No sockets and no threads: snapshot.server passes in what arrives, and fetches what is to be sent or converted.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from logging import getLogger

from framebus.config.camera import CameraConfig
from framebus.config.snapshot import SnapshotConfig, history_limit_mb
from framebus.protocol.stills import (
    CancelRequest,
    ClipHeader,
    ClipRequest,
    RequestError,
    SnapshotRequest,
    parse_request,
)
from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.wire import VERSION, ErrorHeader, pack
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.rate_limited_log import RateLimitedLog
from snapshot.camera_state import MB, CameraState
from snapshot.clip import Clip
from snapshot.clips import PAGE_BYTES, Clips
from snapshot.conversion import Conversion
from snapshot.conversion_jobs import MAX_CONVERSIONS, ConversionJobs, Envelope, Job
from snapshot.errors import StillError
from snapshot.pending_request import PendingRequest
from snapshot.still import Still

logger = getLogger("snapshot")


class StillService:
    """Answers each request once, with a picture or with the reason why there is none."""

    def __init__(
        self,
        cameras: Mapping[str, CameraConfig],
        snapshot: SnapshotConfig,
        now: Callable[[], float] = host_monotonic,
        max_conversions: int = MAX_CONVERSIONS,
        page_bytes: int = PAGE_BYTES,
    ) -> None:
        """Start with no frames and no requests.

        Args:
            cameras: the settings of each camera.
            snapshot: the settings of the service.
            now: CLOCK_MONOTONIC of the machine, in seconds.
            max_conversions: pictures that may wait to be converted.
            page_bytes: the size of a page of a clip.
        """
        self.cameras: dict[str, CameraState] = {}
        self._snapshot = snapshot
        self._page_bytes = page_bytes
        self._max_waiting = snapshot.max_requests
        self._conversions = ConversionJobs(max_conversions, snapshot.cache_mb * 1e6)
        self.losses = RateLimitedLog(logger)
        self._now = now
        self._has_full: set[str] = set()
        self._waiting: dict[str, list[PendingRequest]] = {}
        self._waiting_full: dict[str, list[PendingRequest]] = {}
        self._replies: deque[tuple[Envelope, bytes]] = deque()
        self._built: tuple[Still, bytes] | None = None
        self._full_requested: set[str] = set()
        """Cameras that have been asked for a full frame, which has not come yet."""
        self._full_requests: set[str] = set()
        self._history_mb = snapshot.history_mb
        self._warned_of_memory = False
        self._clips = Clips(now, round(snapshot.history_mb * MB))
        self.keeps_history = snapshot.history > 0
        self.follow(cameras, set())

    def follow(self, cameras: Mapping[str, CameraConfig], replaced: set[str]) -> None:
        """Add, change and remove cameras as a changed configuration has them.

        Args:
            cameras: the settings of each camera.
            replaced: cameras that have other endpoints now, so that nothing known of them counts any more.
        """
        for camera in (self.cameras.keys() - cameras.keys()) | (self.cameras.keys() & replaced):
            del self.cameras[camera]
            for pending in (*self._waiting.pop(camera), *self._waiting_full.pop(camera, [])):
                unknown = StillError("unknown-camera", unknown_camera(camera, cameras))
                self._refuse(pending.envelope, camera, unknown)
        for camera, settings in cameras.items():
            if camera in self.cameras:
                self.cameras[camera].configure(settings)
            else:
                self.cameras[camera] = CameraState(camera, settings, self._snapshot, self._now)
                self._waiting[camera] = []
            if settings.still_size:
                self._waiting_full.setdefault(camera, [])
        self._has_full = {camera for camera, settings in cameras.items() if settings.still_size}
        self.cameras = {camera: self.cameras[camera] for camera in cameras}
        self._full_requested &= self._has_full
        self._full_requests &= self._has_full

    def handle_request(self, envelope: Envelope, message: bytes) -> None:
        """Take a request, which may be malformed.

        Args:
            envelope: the parts before it, which come back before the reply.
            message: the request.
        """
        camera = ""
        try:
            request = parse_request(message)
            camera = request.camera
            if camera not in self.cameras:
                raise StillError("unknown-camera", unknown_camera(camera, self.cameras))
            if isinstance(request, CancelRequest):
                self._cancel(envelope, camera)
            elif isinstance(request, ClipRequest):
                self._replies.append((envelope, self._clip(request)))
            else:
                self._answer(envelope, request)
        except RequestError as error:
            self._refuse(envelope, camera, StillError("bad-request", str(error)))
        except StillError as refused:
            self._refuse(envelope, camera, refused)
        except Exception as error:  # a fault of ours: this requester is told, and the others are served
            self.losses.count("requests that failed", f"{type(error).__name__}: {error}")
            self._refuse(envelope, camera, StillError("internal", f"the request failed: {type(error).__name__}"))

    def on_frame(self, camera: str, message: bytes) -> None:
        """Take a `peek/` or `live/` message."""
        still = self.cameras[camera].put(message)
        if still is not None:
            self._serve(self._waiting[camera], still, full=False)

    def on_full_frame(self, camera: str, message: bytes) -> None:
        """Take a `full/` message."""
        self._full_requested.discard(camera)
        still = self.cameras[camera].parse_full(message)
        if still is not None:
            self._serve(self._waiting_full[camera], still, full=True)
        self._request_full(camera)

    def on_status(self, camera: str, message: bytes) -> None:
        """Take a `status/` message."""
        self.cameras[camera].put_status(message)

    def on_converted(self, job: Job, result: Still | StillError) -> None:
        """Answer the requests that wait for a job, which has ended with a picture or with a reason."""
        if isinstance(result, StillError):
            self._conversions.end(job, None)
            for envelope in job.envelopes:
                self._refuse(envelope, job.wanted.camera, result)
            return
        reply = result.reply
        self._conversions.end(job, reply)
        self._replies.extend((envelope, reply) for envelope in job.envelopes)

    def tick(self) -> None:
        """Refuse the requests whose deadline has passed or whose camera is offline; to be called often."""
        now = self._now()
        for waiting in (*self._waiting.values(), *self._waiting_full.values()):
            for pending in list(waiting):
                reason = self.cameras[pending.request.camera].offline_reason
                if reason:
                    self._fail(waiting, pending, StillError("offline", reason))
                elif now >= pending.deadline:
                    seconds = f"{pending.request.timeout:g} s"
                    text = f"camera {pending.request.camera} gave no suitable picture within {seconds}"
                    self._fail(waiting, pending, StillError("timeout", text))
        self._clips.tick()
        self.losses.flush()
        for camera in self.cameras.values():
            camera.flush_losses()

    def limit_history(self, available_bytes: int) -> None:
        """Keep less history than `history_mb` where the memory is short; to be called now and then.

        Args:
            available_bytes: memory that this process can still take.
        """
        if not self.keeps_history:
            return
        held_bytes = sum(camera.history.bytes for camera in self.cameras.values())
        limit_mb = history_limit_mb(self._history_mb, len(self.cameras), (available_bytes + held_bytes) / MB)
        if limit_mb < self._history_mb and not self._warned_of_memory:
            self._warned_of_memory = True
            logger.warning(
                "keeps at most %.0f MB of history for each of %d cameras instead of %g: "
                "%.0f MB of memory are available; lower history_mb in [snapshot]",
                limit_mb,
                len(self.cameras),
                self._history_mb,
                available_bytes / MB,
            )
        self._clips.max_bytes = round(limit_mb * MB)
        for camera in self.cameras.values():
            camera.history.limit(round(limit_mb * MB))

    def replies(self) -> Iterable[tuple[Envelope, bytes]]:
        """Return the replies to send, each once, with their envelopes."""
        while self._replies:
            yield self._replies.popleft()

    def jobs(self) -> Iterable[Job]:
        """Return the conversions to start, each once; `on_converted` is to be called when one has ended."""
        return self._conversions.new()

    def wants_live(self, camera: str) -> bool:
        """Return whether the frames of the full rate are needed: by a request that waits, or by the history."""
        return self.keeps_history or bool(self._waiting[camera])

    def wants_full(self, camera: str) -> bool:
        """Return whether a request waits for a frame of full size."""
        wanted = bool(self._waiting_full.get(camera))
        if not wanted:
            self._full_requested.discard(camera)
        return wanted

    def full_requests(self) -> Iterable[str]:
        """Return the cameras to ask for a frame of full size, each once."""
        while self._full_requests:
            yield self._full_requests.pop()

    def seconds_left(self) -> float:
        """Return the seconds until the first deadline; infinity without one."""
        deadlines = [
            pending.deadline
            for waiting in (*self._waiting.values(), *self._waiting_full.values())
            for pending in waiting
        ]
        return max(0.0, min(deadlines, default=float("inf")) - self._now())

    def _answer(self, envelope: Envelope, request: SnapshotRequest) -> None:
        camera = self.cameras[request.camera]
        if request.at is not None or request.ago is not None:
            self._send(envelope, request, self._from_history(camera, request))
            return
        now = self._now()
        if request.full and request.camera in self._has_full and not self._must_settle(camera, request):
            self._wait(self._waiting_full[request.camera], envelope, request, now)
            self._request_full(request.camera)
        elif request.fresh or request.full or self._must_settle(camera, request):
            self._wait(self._waiting[request.camera], envelope, request, now)
        elif request.max_age is not None:
            newest = camera.newest
            if newest is not None and camera.age(newest) <= request.max_age:
                self._send(envelope, request, newest)
            else:
                self._wait(self._waiting[request.camera], envelope, request, now, request.max_age)
        elif (current := camera.current) is not None:
            self._send(envelope, request, current)
        elif camera.sleeps and not camera.offline_reason:
            self._wait(self._waiting[request.camera], envelope, request, now)
        else:
            raise self._no_current_frame(camera)

    def _must_settle(self, camera: CameraState, request: SnapshotRequest) -> bool:
        awake = camera.awake_seconds
        return awake < request.settle_seconds or awake * camera.fps < request.settle_frames

    def _wait(
        self,
        waiting: list[PendingRequest],
        envelope: Envelope,
        request: SnapshotRequest,
        since: float,
        max_age: float | None = None,
    ) -> None:
        camera = self.cameras[request.camera]
        if camera.offline_reason:
            raise StillError("offline", camera.offline_reason)
        if len(waiting) >= self._max_waiting:
            raise StillError("busy", f"{self._max_waiting} requests wait already for camera {request.camera}")
        frames = 0
        if self._must_settle(camera, request):
            since += max(0.0, request.settle_seconds - camera.awake_seconds)
            frames = request.settle_frames
        full = self._waiting_full.get(request.camera)
        then_full = request.full and full is not None and waiting is not full
        deadline = self._now() + request.timeout
        waiting.append(PendingRequest(envelope, request, deadline, since, frames, max_age, then_full))

    def _request_full(self, camera: str) -> None:
        """Ask the camera for a frame of full size where one is waited for, unless one is under way."""
        if self._waiting_full.get(camera) and camera not in self._full_requested:
            self._full_requested.add(camera)
            self._full_requests.add(camera)

    def _cancel(self, envelope: Envelope, camera: str) -> None:
        """Forget a request that waits for a frame."""
        for waiting in (self._waiting[camera], self._waiting_full.get(camera, [])):
            waiting[:] = [pending for pending in waiting if pending.envelope != envelope]

    def _serve(self, waiting: list[PendingRequest], still: Still, *, full: bool) -> None:
        now = self._now()
        taking = [pending for pending in waiting if pending.is_satisfied_by(still, now)]
        served = set(taking)
        waiting[:] = [pending for pending in waiting if pending not in served]
        for pending in taking:
            if pending.then_full:
                self._wait_for_full(pending, still)
                continue
            try:
                self._send(pending.envelope, pending.request, still, full=full)
            except StillError as refused:
                self._refuse(pending.envelope, pending.request.camera, refused)

    def _wait_for_full(self, pending: PendingRequest, settled: Still) -> None:
        """The camera has settled with this frame: the next frame of full size will do."""
        camera = pending.request.camera
        self._waiting_full[camera].append(
            PendingRequest(pending.envelope, pending.request, pending.deadline, settled.header.monotonic, 0)
        )
        self._request_full(camera)

    def _send(self, envelope: Envelope, request: SnapshotRequest, still: Still, *, full: bool = False) -> None:
        wanted = Conversion.of(still, request, full=full) if request.converts else None
        if wanted is None:
            reply: bytes | None = self._reply(still)
        else:
            max_megapixels = self.cameras[request.camera].max_megapixels
            reply = self._conversions.request(envelope, wanted, still, max_megapixels)
        if reply is not None:
            self._replies.append((envelope, reply))

    def _reply(self, still: Still) -> bytes:
        """The reply with this frame, built once for all requests that get it."""
        if self._built is None or self._built[0] is not still:
            self._built = still, still.reply
        return self._built[1]

    def _from_history(self, camera: CameraState, request: SnapshotRequest) -> Still:
        span = camera.history.span
        if span is None:
            raise self._no_history(camera)
        if request.at is not None:
            moment, still = request.at, camera.history.nearest(request.at)
        else:  # by a clock that nobody sets
            ago = request.ago or 0.0
            moment, still = camera.unix_seconds - ago, camera.history.nearest_monotonic(self._now() - ago)
        if still is None:
            raise StillError(
                "not-kept",
                f"no picture of camera {camera.camera} at {moment:.3f}; kept are {span[0]:.3f} to {span[1]:.3f}",
            )
        return still

    def _no_history(self, camera: CameraState) -> StillError:
        reason = "it is empty yet" if self.keeps_history else "set history in [snapshot] to have one"
        return StillError("not-kept", f"there is no history of camera {camera.camera}: {reason}")

    def _clip(self, request: ClipRequest) -> bytes:
        """The reply with a page of a clip; a request without an id makes a new one."""
        if request.id:
            clip_id, clip = request.id, self._clips.get(request.camera, request.id)
        elif request.end:
            clip_id, clip = "", Clip(self._clip_frames(request), request.clip)
        else:
            clip_id, clip = self._clips.open(request.camera, self._clip_frames(request), request.clip)
        header = ClipHeader(
            v=VERSION,
            camera=request.camera,
            id=clip_id,
            size=clip.size,
            offset=request.offset,
            frames=clip.frames,
            seconds=round(clip.seconds, 3),
        )
        page = b"" if request.end else clip.page(request.offset, self._page_bytes)
        if request.end or request.offset + len(page) >= clip.size:
            self._clips.close(clip_id)
        return pack("clip", request.camera, header, page)

    def _clip_frames(self, request: ClipRequest) -> list[Still]:
        """The frames for a clip, one or more. Raises StillError where there are none."""
        camera = self.cameras[request.camera]
        stills = camera.history.last(request.seconds)
        if not stills:
            raise self._no_history(camera)
        return stills

    def _no_current_frame(self, camera: CameraState) -> StillError:
        reason = f"; {camera.offline_reason}" if camera.offline_reason else ""
        if camera.newest is None:
            return StillError("no-frame", f"camera {camera.camera} has not given a picture yet{reason}")
        age = camera.age(camera.newest)
        return StillError("stale", f"camera {camera.camera} has given no picture for {age:.0f} s{reason}")

    def _fail(self, waiting: list[PendingRequest], pending: PendingRequest, refused: StillError) -> None:
        waiting.remove(pending)
        self._refuse(pending.envelope, pending.request.camera, refused)

    def _refuse(self, envelope: Envelope, camera: str, refused: StillError) -> None:
        self._replies.append(
            (envelope, pack("error", camera, ErrorHeader(v=VERSION, code=refused.code, message=str(refused))))
        )
