"""The process of the recorder: takes frames and events, and hands the frames that are recorded to the disk."""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

from framebus.config.camera import CameraConfig
from framebus.config.recorder import RecorderConfig
from framebus.protocol.events import EventHeader, OpenEvents
from framebus.protocol.wire import MAX_ENVELOPE_PARTS, MAX_REQUEST_BYTES, Kind, WireError, parse
from framebus.runtime.host_clock import wall_clock_offset
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, RunDirError, recorder_endpoint, share_socket
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.io_threads import IO_THREADS
from framebus.transport.reconnecting_socket import ReconnectingSocket
from recorder.camera_recording import CameraRecording, Reason
from recorder.cleaner import CLOCK_ERROR_SECONDS, Cleaner
from recorder.demands import Demands
from recorder.disk import GB, Disk
from recorder.disk_writer import Batch, DiskWriter, read_boot_id
from recorder.event_log import EventLog
from recorder.frame_receiver import FrameReceiver
from recorder.incoming_frame import IncomingFrame
from recorder.recorder_service import RecorderService
from recorder.retention import DAY_SECONDS, Limits

logger = logging.getLogger("recorder")

DRAIN_SECONDS = 0.25
"""Frames wait in the socket for so long, as each waking costs more than a frame: four times a second, all are taken."""
CLUSTER_SECONDS = 0.7
"""Frames are written after so long, in one piece: with the time in the socket, a kill costs at most a second."""
MAX_CLUSTER_BYTES = 32_000_000
"""Or when they take so much memory."""
TICK_SECONDS = 1.0
MAX_REQUESTS_AT_ONCE = 64
EVENT_TOPIC = b"event/"
EVENT_QUEUE = 1000
END_SECONDS = 2.0
"""How long the end of the process waits for the disk. supervisord kills it after three."""
EVENTS_END_SECONDS = 0.5
"""The same for the events that were not written yet."""
MB = 1_000_000
DEMANDS_NAME = "recorder service.demands"
"""In run_dir; no camera has a name with a space."""


@dataclass(slots=True)
class _Camera:
    """What belongs to one camera."""

    name: str
    recording: CameraRecording
    receiver: FrameReceiver
    boot: str
    waiting: list[IncomingFrame] = field(default_factory=list)
    """Frames that are recorded, and not handed to the disk yet."""
    waiting_bytes: int = 0
    waiting_since: float = 0.0
    waiting_reason: Reason = "always"
    received_at: float = 0.0
    records: bool = False
    """Whether frames are recorded now; its segment is ended when that is over."""


class RecorderServer:
    """Records from `start` to `stop`."""

    def __init__(
        self,
        settings: RecorderConfig,
        cameras: Mapping[str, CameraConfig],
        camera_endpoints: Mapping[str, Endpoint],
        events: Endpoint,
        run_dir: Path,
        group: str | None = None,
    ) -> None:
        """Prepare the process; `start` opens the sockets.

        Args:
            settings: the [recorder] table.
            cameras: the [camera.NAME] tables by name.
            camera_endpoints: where each camera publishes, by its name.
            events: where events are published.
            run_dir: the folder of the process's own socket and lock.
            group: whose members may ask, beside this user.
        """
        self._settings = settings
        self._configured = cameras
        self._endpoints = camera_endpoints
        self._events_endpoint = events
        self._run_dir = run_dir
        self._group = group
        self._endpoint = recorder_endpoint(run_dir)
        self._losses = RateLimitedLog(logger)
        self._open_events = OpenEvents()
        self._boot = read_boot_id()

    def run(self, stop: Stop) -> None:
        """Record until `stop` is requested.

        Raises:
            RunDirError: the recorder runs already, or its folder cannot be used.
            ProcessError: the endpoint cannot be bound.
        """
        self.start()
        try:
            self.loop(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """Bind the endpoint, subscribe, and start the threads. The folder may come later."""
        self._lock = Lock(self._run_dir, "recorder service")  # no camera has a name with a space
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=IO_THREADS)
        self._poller = zmq.Poller()
        self._bind()
        self._cameras = {name: self._camera(name, table) for name, table in self._configured.items()}
        self._events = self._subscribe_to_events()
        folder, mount = Path(self._settings.folder or "recordings"), self._settings.mount_point
        disk = Disk(folder, int(self._settings.leave_free_gb * GB), None if mount is None else Path(mount))
        self._writer = DiskWriter(disk, int(self._settings.buffer_mb * MB))
        self._event_log = EventLog(disk)
        limits = Limits(self._settings.keep_days * DAY_SECONDS, self._settings.keep_gb * GB, disk.leave_free_bytes)
        self._cleaner = Cleaner(disk, limits, self._boot, self._writer.space_wanted, lambda: self._writer.open_paths)
        recordings = {name: camera.recording for name, camera in self._cameras.items()}
        self._service = RecorderService(recordings, self._writer, self._cleaner)
        self._ticked_at = self._drained_at = time.monotonic()
        self._demands = Demands(self._run_dir / DEMANDS_NAME, self._boot)
        self._start_again(recordings)
        self._clock = wall_clock_offset()
        recorded = [name for name, recording in recordings.items() if recording.modes]
        logger.info("records %s to %s", ", ".join(recorded) or "no camera", folder)

    def loop(self, stop: Stop) -> None:
        """Handle what arrives, events before frames: an event decides about the frames."""
        self._poller.register(self._router, zmq.POLLIN)
        self._poller.register(stop, zmq.POLLIN)
        while not stop.requested:
            stop.watchdog.feed()
            ready: dict[Any, int] = dict(self._poller.poll(math.ceil(self._seconds_left() * 1000)))
            if self._events is not None and self._events in ready:
                self._receive_events(self._events)
            if self._router in ready or time.monotonic() >= self._drained_at + DRAIN_SECONDS:
                self._drain()
            if self._router in ready:
                self._answer()
            self._flush()
            self._tick()

    def stop(self) -> None:
        """Write what is there, end all segments, and close the sockets."""
        self._drain()
        for camera in self._cameras.values():
            self._put(camera)
        self._event_log.close(EVENTS_END_SECONDS)
        self._writer.close(END_SECONDS)
        self._cleaner.close()
        self._context.destroy()
        self._lock.close()

    def _bind(self) -> None:
        self._router = sockets.make(self._context, zmq.ROUTER)
        self._router.setsockopt(zmq.MAXMSGSIZE, 2 * MAX_REQUEST_BYTES)
        try:
            self._router.bind(self._endpoint)
            share_socket(self._endpoint, self._group)
        except (RunDirError, zmq.ZMQError) as error:
            self._context.destroy()
            self._lock.close()
            if isinstance(error, zmq.ZMQError):
                raise ProcessError(f"cannot answer at {self._endpoint}: {zmq.strerror(error.errno or 0)}") from None
            raise

    def _subscribe_to_events(self) -> ReconnectingSocket | None:
        """Where a recorded camera has motion detection: else nobody publishes any, and libzmq would try for ever."""
        if not any(table.has_motion and table.record_modes for table in self._configured.values()):
            return None
        events = sockets.subscriber(self._context, self._events_endpoint, EVENT_TOPIC, EVENT_QUEUE)
        self._poller.register(events, zmq.POLLIN)
        return events

    def _camera(self, name: str, table: CameraConfig) -> _Camera:
        kind: Kind = "live" if table.record_rendition == "full" else table.record_rendition
        endpoint = self._endpoints[name]
        boot = self._boot if endpoint.same_host else ""
        return _Camera(name, CameraRecording(table), FrameReceiver(self._context, name, endpoint, kind), boot)

    def _seconds_left(self) -> float:
        """Until something has to be done though nothing arrives."""
        now = time.monotonic()
        due = self._ticked_at + TICK_SECONDS
        if any(camera.receiver.socket is not None for camera in self._cameras.values()):
            due = min(due, self._drained_at + DRAIN_SECONDS)
        return max(0.0, due - now)

    def _receive_events(self, events: ReconnectingSocket) -> None:
        while True:
            try:
                message = events.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                _, header = parse(message, EventHeader)
            except WireError as error:
                self._losses.count("malformed events dropped", str(error))
                continue
            event = self._open_events.take(header, time.monotonic())
            if event is not None:
                self._on_event(event)
            self._end_events()

    def _end_events(self) -> None:
        """End the events that are no longer reported, and the oldest of too many."""
        while (ended := self._open_events.ended(time.monotonic())) is not None:
            self._on_event(ended)

    def _on_event(self, event: EventHeader) -> None:
        camera = self._cameras.get(event.camera)
        if camera is None:
            return
        if camera.recording.modes:
            self._event_log.note(event, is_here=bool(camera.boot))
        self._receive_frames(camera)  # those before the event are judged without it
        for frame in camera.recording.on_event(event):
            self._wait(camera, frame, "motion")
        self._follow_demand(camera)

    def _drain(self) -> None:
        self._drained_at = time.monotonic()
        for camera in self._cameras.values():
            self._receive_frames(camera)

    def _receive_frames(self, camera: _Camera) -> None:
        now = time.monotonic()
        while frames := camera.receiver.receive():
            camera.received_at = now
            self._take(camera, frames, now)

    def _take(self, camera: _Camera, frames: list[IncomingFrame], now: float) -> None:
        for frame in frames:
            reason = camera.recording.on_frame(frame, now)
            if reason is not None:
                self._wait(camera, frame, reason)

    def _wait(self, camera: _Camera, frame: IncomingFrame, reason: Reason) -> None:
        if camera.waiting and reason != camera.waiting_reason:
            self._put(camera)  # where this frame begins another segment, that has its own reason
        if not camera.waiting:
            camera.waiting_since, camera.waiting_reason = time.monotonic(), reason
        camera.waiting.append(frame)
        camera.waiting_bytes += frame.size

    def _flush(self) -> None:
        now = time.monotonic()
        for camera in self._cameras.values():
            if camera.waiting and (
                now - camera.waiting_since >= CLUSTER_SECONDS or camera.waiting_bytes >= MAX_CLUSTER_BYTES
            ):
                self._put(camera)

    def _put(self, camera: _Camera) -> None:
        if camera.waiting:
            gap_seconds = camera.recording.gap_seconds
            self._writer.put(Batch(camera.name, camera.waiting, camera.waiting_reason, gap_seconds, camera.boot))
            camera.waiting, camera.waiting_bytes = [], 0

    def _answer(self) -> None:
        for _ in range(MAX_REQUESTS_AT_ONCE):
            if not self._router.poll(0):
                return
            *envelope, request = self._router.recv_multipart()
            if len(envelope) <= MAX_ENVELOPE_PARTS:
                reply = self._service.answer(request, time.monotonic())
                self._note_demands()
                self._router.send_multipart([*envelope, reply])
                for name, frames in self._service.started:
                    for frame in frames:
                        self._wait(self._cameras[name], frame, "on-demand")
                self._service.started.clear()
                for camera in self._cameras.values():
                    self._follow_demand(camera)

    def _note_demands(self) -> None:
        """Have what was requested outlive this process, before the reply says that it was done."""
        if self._service.has_changed:
            self._service.has_changed = False
            now = time.monotonic()
            recordings = {name: camera.recording for name, camera in self._cameras.items()}
            left = {name: one.demanded_seconds(now) for name, one in recordings.items() if one.is_demanded(now)}
            self._demands.write(left, now)

    def _start_again(self, recordings: Mapping[str, CameraRecording]) -> None:
        """Go on with what was requested from an earlier process: a restart does not end it."""
        now = time.monotonic()
        for name, seconds in self._demands.read(now).items():
            if name in recordings and recordings[name].modes:
                recordings[name].start(now, seconds)

    def _follow_demand(self, camera: _Camera) -> None:
        """Subscribe while frames are needed."""
        receiver = camera.receiver
        needed = camera.recording.needs_frames(time.monotonic())
        if needed and receiver.socket is None:
            receiver.open()
            camera.received_at = time.monotonic()
        elif not needed and receiver.socket is not None:
            receiver.close()

    def _tick(self) -> None:
        now = time.monotonic()
        self._end_events()
        if now - self._ticked_at < TICK_SECONDS:
            return
        self._ticked_at = now
        self._lock.check(self._endpoint)
        if self._events is not None:
            self._events.check()
        self._losses.flush()
        self._event_log.losses.flush()
        for name, camera in self._cameras.items():
            self._check(name, camera, now)
        offset = wall_clock_offset()
        if abs(offset - self._clock) > CLOCK_ERROR_SECONDS:
            logger.info("the clock was set by %+.1f s", offset - self._clock)
            self._cleaner.clock_was_set()
            self._event_log.correct_times()
            self._clock = offset

    def _check(self, name: str, camera: _Camera, now: float) -> None:
        silent = now - camera.received_at > camera.recording.gap_seconds
        if silent:
            camera.recording.on_silence()
        records = camera.recording.is_recording(now)
        if camera.records and not records:
            self._put(camera)
            self._writer.put(Batch(name, []))
        camera.records = records
        self._follow_demand(camera)
        camera.receiver.tick()
        self._service.missed[name] = camera.receiver.missed
        if silent and camera.receiver.socket is not None:
            self._service.silent[name] = f"camera {name} gives no frames"
        else:
            self._service.silent.pop(name, None)
