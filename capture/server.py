"""One camera's process: publishes what the reader hands over, to those who want it, at the rate that they want."""

import logging
import os
import secrets
import time
from typing import Any, TypeGuard

import msgspec
import zmq

from capture.control_queue import MAX_PENDING_REQUESTS, ControlRequest
from capture.control_service import ControlService, file_of
from capture.rate_control import RateControl
from capture.reader import Reader
from capture.sources import make_source
from framebus.config.load import Config
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import (
    MAX_ENVELOPE_PARTS,
    MAX_REQUEST_BYTES,
    VERSION,
    Kind,
    State,
    StatusHeader,
    pack,
    retopic,
)
from framebus.publishing.fps_meter import FpsMeter
from framebus.publishing.frame_builder import Published
from framebus.publishing.rendition_thread import RenditionThread
from framebus.publishing.subscriptions import Subscriptions
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import Lock, control_endpoint, frames_endpoint
from framebus.runtime.thinning import Thinning
from framebus.transport import sockets
from framebus.transport.zap_authenticator import ZapAuthenticator

logger = logging.getLogger("capture")

STATUS_INTERVAL_SECONDS = 1.0
LAST_WORDS_MS = 500
"""How long the end of the process waits for the last status to be sent."""
RESEND_MAX_AGE_SECONDS = 2.0
"""A new subscriber gets the newest frame at once, unless that is older: then it waits for a fresh one."""
PEEK_FPS_WHEN_CLOSED = 1.0
"""With idle_fps = 0, the rate of peek/ while somebody watches live/."""
PEEK_JITTER = 0.75
"""A frame that comes a little early still counts as the next one for peek/."""
SEND_HIGH_WATER_MARK = 2
"""Messages for a subscriber that does not keep up: the newest frame, and one still being sent."""
MAX_SUBSCRIPTIONS_AT_ONCE = 64
"""The rest waits for the next turn of the loop: a subscriber that makes noise holds up no frame, and not the end."""
MAX_SUBSCRIPTION_BYTES = 1024
"""No subscription needs more; the connection of one who sends more is cut off."""


class Capture:
    """Owns a camera and its endpoint from `start` to `stop`."""

    def __init__(self, config: Config, camera: str) -> None:
        self._config = config
        self._camera = camera
        self._settings = config.cameras[camera]
        self._epoch = secrets.token_hex(8)
        self._subscriptions = Subscriptions(camera)
        self._rate_control = RateControl(self._settings.idle_fps)
        self._reader = Reader(
            camera,
            lambda: make_source(camera, self._settings),
            self._rate_control,
            ControlService(camera, self._settings.controls, file_of(config.state_dir, camera)),
            epoch=self._epoch,
            stall_timeout=self._settings.stall_timeout,
            max_jpeg_bytes=int(self._settings.max_frame_mb * 1e6),
            max_megapixels=self._settings.max_megapixels,
        )
        self._rendition_thread = RenditionThread(camera, self._settings.rendition_quality)
        self._rendition_thinning = Thinning(self._settings.rendition_fps)
        self._newest_renditions: dict[Kind, Published] = {}
        self._fps_meter = FpsMeter()
        self._authenticator: ZapAuthenticator | None = None
        self._newest: Published | None = None
        self._peeked_at = float("-inf")
        self._state: tuple[State, str] = ("starting", "")
        self._since = time.time()
        self._status_due = 0.0

    def run(self, stop: Stop) -> None:
        """Publish until `stop` is requested. Raises RunDirError and ProcessError when the endpoint cannot be had."""
        self.start()
        try:
            self.loop(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """Take the endpoint, then the camera."""
        self._lock = Lock(self._config.run_dir, self._camera)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = sockets.make(self._context, zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        self._control = sockets.make(self._context, zmq.ROUTER)
        self._control.setsockopt(zmq.SNDHWM, MAX_PENDING_REQUESTS)
        self._control.setsockopt(zmq.MAXMSGSIZE, 2 * MAX_REQUEST_BYTES)  # one just too large is still told so
        endpoint = control_endpoint(self._config.run_dir, self._camera)
        try:
            self._control.bind(endpoint)
            endpoint = frames_endpoint(self._config.run_dir, self._camera)
            self._socket.bind(endpoint)
            if self._settings.publish is not None:
                endpoint = str(self._settings.publish)
                sockets.limit_tcp(self._socket, endpoint, self._settings.sndbuf)
                self._open_tcp(self._socket, self._settings.publish)
            if self._settings.control is not None:
                endpoint = str(self._settings.control)
                sockets.limit_tcp(self._control, endpoint)
                self._open_tcp(self._control, self._settings.control)
        except ProcessError:
            self.stop()
            raise
        except zmq.ZMQError as error:
            self.stop()
            raise ProcessError(f"cannot publish at {endpoint}: {zmq.strerror(error.errno or 0)}") from None
        self._reader.start()
        where = self._settings.publish or frames_endpoint(self._config.run_dir, self._camera)
        logger.info("camera %s publishes at %s", self._camera, where)

    def loop(self, stop: Stop) -> None:
        """Serve subscriptions, frames and the status until `stop` is requested.

        Raises ProcessError when the camera is read no more: somebody has to start the process again.
        """
        poller = zmq.Poller()
        guarded = self._authenticator.readable() if self._authenticator is not None else ()
        for readable in (self._socket, self._control, self._reader, self._rendition_thread, stop, *guarded):
            poller.register(readable, zmq.POLLIN)
        while not stop.requested:
            stop.watchdog.feed()
            left = self._status_due - time.monotonic()
            ready: dict[Any, int] = dict(poller.poll(max(0, int(left * 1000) + 1)))
            if self._authenticator is not None:
                self._authenticator.serve(ready)
            if self._socket in ready:
                self._serve_subscriptions()
            if self._control in ready:
                self._serve_controls()
            if self._reader.fileno() in ready:
                self._publish(self._reader.take())
                for answer in self._reader.answers():
                    self._control.send_multipart([*answer.envelope, answer.message])
            if self._rendition_thread.fileno() in ready:
                self._publish_renditions()
            if self._reader.ended or self._reader.hangs:
                raise ProcessError(self._last_words())
            self._tell_status()

    def _last_words(self) -> str:
        """Publish why this process cannot read the camera any more; returns the reason."""
        reason = self._reader.trouble if self._reader.ended else self._hang_reason
        self._socket.setsockopt(zmq.LINGER, LAST_WORDS_MS)
        self._send_status("offline", reason or "the camera is not read any more")
        return f"camera {self._camera}: {reason}"

    @property
    def _hang_reason(self) -> str:
        name = self._reader.source_name or f"camera {self._camera}"
        limit = self._reader.hang_limit_seconds
        return f"{name}: the camera has not answered for {limit:g} s: the process ends, to be started again"

    def stop(self) -> None:
        """Close the camera, then the endpoint."""
        self._reader.stop()
        self._rendition_thread.stop()
        self._context.destroy()
        self._lock.close()

    def _open_tcp(self, socket: "zmq.Socket[bytes]", endpoint: TcpEndpoint) -> None:
        if self._authenticator is None:
            insecure = self._settings.insecure_tcp
            self._authenticator = ZapAuthenticator(self._context, self._config.secrets, logger, insecure=insecure)
        self._authenticator.open(socket, endpoint)

    def _serve_subscriptions(self) -> None:
        for _ in range(MAX_SUBSCRIPTIONS_AT_ONCE):
            if not self._socket.poll(0):
                break
            for part in self._socket.recv_multipart():  # ZeroMQ takes each part for a subscription of its own
                for kind in self._subscriptions.take(part):
                    self._send_again(kind)
        fps = self._wanted_fps
        if fps != self._rate_control.fps:
            watched = self._watched or self._subscriptions.wants("full")
            logger.info("camera %s %s: %g fps", self._camera, "is watched" if watched else "is idle", fps)
            self._rate_control.set(fps)

    @property
    def _wanted_renditions(self) -> list[Rendition]:
        return [rendition for rendition in RENDITIONS if self._subscriptions.wants(rendition)]

    @property
    def _watched(self) -> bool:
        return self._subscriptions.wants("live") or bool(self._wanted_renditions)

    @property
    def _wanted_fps(self) -> float:
        """What the subscribers need: those of renditions alone need no more than are made."""
        settings = self._settings
        if self._subscriptions.wants("live") or self._subscriptions.wants("full"):
            return settings.fps
        if self._wanted_renditions:
            return max(settings.idle_fps, min(settings.fps, settings.rendition_fps))
        return settings.idle_fps

    def _serve_controls(self) -> None:
        *envelope, request = self._control.recv_multipart()
        if len(envelope) <= MAX_ENVELOPE_PARTS:
            self._reader.ask(ControlRequest(envelope, request))

    def _send_again(self, kind: Kind) -> None:
        if kind == "status":
            self._status_due = 0.0
        elif kind == "full":
            self._reader.want_full()
        elif kind in RENDITIONS:
            self._send_rendition_again(kind)
        elif self._is_fresh(self._newest):
            self._send(kind, self._newest)

    def _send_rendition_again(self, rendition: Rendition) -> None:
        """Send the newest one; where it is old because there was no subscriber, have the newest frame made one."""
        made = self._newest_renditions.get(rendition)
        if self._is_fresh(made):
            self._send(rendition, made)
        elif self._is_fresh(self._newest):
            self._rendition_thread.offer(self._newest, [rendition])

    @staticmethod
    def _is_fresh(frame: Published | None) -> TypeGuard[Published]:
        return frame is not None and time.monotonic() - frame.header.monotonic < RESEND_MAX_AGE_SECONDS

    def _publish(self, frame: Published | None) -> None:
        if frame is None:
            return
        if frame.kind == "full":
            self._send("full", frame)
            return
        self._newest = frame.without_pixels()
        now = time.monotonic()
        self._fps_meter.count(now)
        if self._subscriptions.wants("live"):
            self._send("live", frame)
        renditions = self._wanted_renditions
        if renditions and self._rendition_thinning.take(frame.header.monotonic):
            self._rendition_thread.offer(frame, renditions)
        peek_period = 1 / (self._settings.idle_fps or PEEK_FPS_WHEN_CLOSED)
        if self._subscriptions.wants("peek") and now - self._peeked_at > PEEK_JITTER * peek_period:
            self._peeked_at = now
            self._send("peek", frame)

    def _publish_renditions(self) -> None:
        for frame in self._rendition_thread.take():
            self._newest_renditions[frame.kind] = frame
            self._send(frame.kind, frame)

    def _send(self, kind: Kind, frame: Published) -> None:
        self._socket.send(frame.message if kind == frame.kind else retopic(frame.message, kind, self._camera))

    def _tell_status(self) -> None:
        now = time.monotonic()
        state = self._judge()
        if state == self._state and now < self._status_due:
            return
        self._status_due = now + STATUS_INTERVAL_SECONDS
        self._lock.check(
            frames_endpoint(self._config.run_dir, self._camera), control_endpoint(self._config.run_dir, self._camera)
        )
        self._reader.flush_logs()
        self._rendition_thread.flush_log()
        if self._authenticator is not None:
            self._authenticator.tick()
        self._send_status(*state)

    def _send_status(self, state: State, reason: str) -> None:
        if state != self._state[0]:
            self._since = time.time()
        self._state = (state, reason)
        self._socket.send(pack("status", self._camera, self._status(time.monotonic())))

    def _judge(self) -> tuple[State, str]:
        """The state, and why."""
        waiting = self._reader.waiting
        if self._rate_control.wanted and waiting:
            return "starting", waiting
        trouble = self._reader.trouble
        if self._reader.offline:
            return "offline", trouble
        if not self._rate_control.wanted:
            return "idle", "closed until somebody watches"
        if self._newest is None or not (self._reader.opened or trouble):
            return "starting", trouble or "opening the camera"
        if not self._watched:
            return "idle", trouble or f"{self._settings.idle_fps:g} fps until somebody watches"
        return "live", trouble  # a hiccup, within the grace

    @property
    def _refused(self) -> int | msgspec.UnsetType:
        authenticator = self._authenticator
        return authenticator.refused if authenticator is not None and authenticator.guards else msgspec.UNSET

    def _status(self, now: float) -> StatusHeader:
        newest = self._newest.header if self._newest else None
        return StatusHeader(
            v=VERSION,
            camera=self._camera,
            state=self._state[0],
            reason=self._state[1],
            since=round(self._since, 6),
            epoch=self._epoch,
            pid=os.getpid(),
            source=self._reader.source_name or str(self._settings.source.kind),
            seq=newest.seq if newest else 0,
            captured=newest.captured if newest else None,
            monotonic=newest.monotonic if newest else None,
            width=newest.width if newest else 0,
            height=newest.height if newest else 0,
            fps=round(self._fps_meter.per_second(now), 2),
            watched=self._watched,
            dropped=self._reader.dropped,
            bad=self._reader.bad,
            refused=self._refused,
            orientation=newest.orientation if newest else msgspec.UNSET,
            renditions=self._rendition_thread.counts,
        )
