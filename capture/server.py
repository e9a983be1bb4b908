"""One camera's process: publishes the reader's frames to their subscribers, at the rate that they need."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq

from capture.control_queue import MAX_PENDING_REQUESTS, ControlRequest
from capture.control_service import ControlService, file_of
from capture.demand_log import DemandLog
from capture.rate_control import RateControl
from capture.reader import Reader
from capture.source import Source
from capture.sources import make_source
from framebus.config.camera import CameraConfig
from framebus.protocol.wire import MAX_ENVELOPE_PARTS, MAX_REQUEST_BYTES, State
from framebus.publishing.camera_endpoint import CameraEndpoint
from framebus.publishing.condition import Condition
from framebus.publishing.frame_builder import Published
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import control_endpoint, frames_endpoint
from framebus.transport import sockets

logger = logging.getLogger("capture")


class Capture:
    """Owns a camera and its endpoint from `start` to `stop`."""

    def __init__(
        self,
        camera: str,
        settings: CameraConfig,
        run_dir: Path,
        *,
        state_dir: Path,
        secrets: Path,
        group: str | None = None,
        make_source: Callable[[str, CameraConfig], Source] = make_source,
    ) -> None:
        """Prepare; neither the endpoint nor the camera is opened yet.

        Args:
            camera: its name.
            settings: its table of the configuration.
            run_dir: the folder of the sockets.
            state_dir: the folder of the controls that were set.
            secrets: the file of keys, for its tcp endpoints; it need not be there.
            group: the members of it may connect, too; None for no group.
            make_source: makes the source that the settings mean; called in the reader's thread.
        """
        self._camera = camera
        self._settings = settings
        self._run_dir = run_dir
        epoch = os.urandom(8).hex()
        self._rate_control = RateControl(self._settings.idle_fps)
        self._demand_log = DemandLog(logger, camera)
        self._endpoint_lock = threading.Lock()
        """To be held by whoever uses the endpoint: the loop, and the thread that reads the camera."""
        self._closed = False
        self._reader = Reader(
            camera,
            lambda: make_source(camera, self._settings),
            self._rate_control,
            ControlService(camera, self._settings.controls, file_of(state_dir, camera)),
            self._publish,
            epoch=epoch,
            stall_timeout=self._settings.stall_timeout,
            max_jpeg_bytes=int(self._settings.max_frame_mb * 1e6),
            max_megapixels=self._settings.max_megapixels,
        )
        self._endpoint = CameraEndpoint(
            camera,
            settings,
            run_dir,
            secrets=secrets,
            group=group,
            epoch=epoch,
            want_full=self._reader.want_full,
            log=logger,
        )

    def run(self, stop: Stop) -> None:
        """Publish until `stop` is requested. Raises RunDirError and ProcessError where the endpoint cannot be bound."""
        self.start()
        try:
            self.loop(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """Take the endpoint, then the camera."""
        try:
            self._endpoint.open()
            self._control = sockets.make(self._endpoint.context, zmq.ROUTER)
            self._control.setsockopt(zmq.SNDHWM, MAX_PENDING_REQUESTS)
            self._control.setsockopt(zmq.MAXMSGSIZE, 2 * MAX_REQUEST_BYTES)  # one just too large is still told so
            self._endpoint.bind(self._control, control_endpoint(self._run_dir, self._camera))
            if self._settings.control is not None:
                self._endpoint.bind_tcp(self._control, self._settings.control)
        except BaseException:
            self.stop()
            raise
        self._reader.start()
        where = self._settings.publish or frames_endpoint(self._run_dir, self._camera)
        logger.info("camera %s publishes at %s", self._camera, where)

    def loop(self, stop: Stop) -> None:
        """Serve subscriptions, controls and the status until `stop` is requested.

        Raises ProcessError when the camera can no longer be read; a new process has to take over.
        """
        poller = zmq.Poller()
        frames, *others = self._endpoint.readable()
        for readable in (self._control, self._reader, stop, frames, *others):
            poller.register(readable, zmq.POLLIN)
        while not stop.requested:
            stop.watchdog.feed()
            with self._endpoint_lock:
                due_in = self._endpoint.due_in
            ready: dict[Any, int] = dict(poller.poll(max(0, int(due_in * 1000) + 1)))
            if ready.keys() == {frames} and not self._is_due():
                continue  # libzmq makes the descriptor readable for its own use, too
            self._reader.clear()
            with self._endpoint_lock:
                self._endpoint.serve(ready)
            self._set_rate()
            if self._control in ready:
                self._serve_controls()
            for answer in self._reader.answers():
                self._control.send_multipart([*answer.envelope, answer.message])
            if self._reader.ended or self._reader.hangs:
                raise ProcessError(self._last_words())
            with self._endpoint_lock:
                is_due = self._endpoint.tell(self._condition(*self._judge()))
            if is_due:
                self._reader.flush_logs()

    def stop(self) -> None:
        """Close the camera, then the endpoint."""
        self._reader.stop()
        with self._endpoint_lock:
            self._closed = True
            self._endpoint.close()

    def _publish(self, frame: Published) -> None:
        """Send a frame, in the thread that reads the camera: it need not wake another one for each frame.

        The loop is woken where it has something to do: a frame that is held for a rendition, subscriptions that came
        meanwhile, or a state to be told.
        """
        with self._endpoint_lock:
            if self._closed:
                return
            self._endpoint.publish(frame)
            is_told = self._endpoint.told == ("live", "")
            if not is_told or self._endpoint.has_work:
                self._reader.notify()

    def _is_due(self) -> bool:
        """Whether the endpoint has something to do by now: a subscription to serve, a frame or a status to send."""
        with self._endpoint_lock:
            return self._endpoint.due_in <= 0

    def _last_words(self) -> str:
        """Publish why this process cannot read the camera any more; returns the reason."""
        reason = self._reader.trouble if self._reader.ended else self._hang_reason
        with self._endpoint_lock:
            self._endpoint.tell_last(self._condition("offline", reason or "the camera is no longer read"))
        return f"camera {self._camera}: {reason}"

    @property
    def _hang_reason(self) -> str:
        name = self._reader.source_name or f"camera {self._camera}"
        limit = self._reader.hang_limit_seconds
        return f"{name}: the camera has not answered for {limit:g} s: the process exits and is restarted"

    def _set_rate(self) -> None:
        self._rate_control.renditions = bool(self._endpoint.wanted_renditions)
        fps = self._endpoint.wanted_fps
        if fps != self._rate_control.fps:
            self._demand_log.changed(self._endpoint.watched or self._endpoint.wants("full"), fps)
            self._rate_control.set(fps)

    def _serve_controls(self) -> None:
        *envelope, request = self._control.recv_multipart()
        if len(envelope) <= MAX_ENVELOPE_PARTS:
            self._reader.ask(ControlRequest(envelope, request))

    def _judge(self) -> tuple[State, str]:
        """The state, and why."""
        waiting = self._reader.waiting
        if self._rate_control.wanted and waiting:
            return "starting", waiting
        trouble = self._reader.trouble
        if self._reader.offline:
            return "offline", trouble
        if not self._rate_control.wanted:
            return "idle", "closed while there are no viewers"
        if self._endpoint.newest is None or not (self._reader.opened or trouble):
            return "starting", trouble or "opening the camera"
        if not self._endpoint.watched:
            return "idle", trouble or f"{self._settings.idle_fps:g} fps while there are no viewers"
        return "live", trouble  # a hiccup, within the grace

    def _condition(self, state: State, reason: str) -> Condition:
        source = self._reader.source_name or str(self._settings.source.kind)
        return Condition(state, reason, source, self._reader.dropped, self._reader.bad)
