"""The process of the snapshot service: takes the frames of every camera and answers requests for stills and clips."""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq

from framebus.config.camera import CameraConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.protocol.wire import MAX_ENVELOPE_PARTS, MAX_REQUEST_BYTES, Kind
from framebus.runtime.memory import available_bytes
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, RunDirError, share_socket, snapshot_endpoint
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.io_threads import IO_THREADS
from framebus.transport.process_context import check_descriptors
from framebus.transport.zap_authenticator import ZapAuthenticator
from snapshot.converters import Converters
from snapshot.still_service import StillService
from snapshot.subscriptions import Subscriptions

logger = logging.getLogger("snapshot")

MAX_REQUESTS_AT_ONCE = 64
"""The rest waits for the next iteration of the loop, so that a flood of requests delays no frame."""
ZERO_COPY_FROM = 16
"""From this many replies in one iteration on, they are sent without a copy, which costs 1.5 times as much CPU for each
(measured at 162 KB)."""
REPLIES_HIGH_WATER_MARK = 256
"""Replies that wait for a requester that does not read them; ZeroMQ drops the rest."""
MAX_MESSAGE_BYTES = 2 * MAX_REQUEST_BYTES
"""A larger request ends its connection; one between MAX_REQUEST_BYTES and this gets a refusal."""
TICK_SECONDS = 1.0
MEMORY_CHECK_SECONDS = 5.0
"""How often the history is fitted to the available memory."""


class SnapshotServer:
    """Answers requests from `start` to `stop`."""

    def __init__(
        self,
        settings: SnapshotConfig,
        cameras: Mapping[str, CameraConfig],
        camera_endpoints: Mapping[str, Endpoint],
        run_dir: Path,
        secrets: Path,
        group: str | None = None,
    ) -> None:
        """Prepare the service; `start` opens the sockets.

        Args:
            settings: the [snapshot] table.
            cameras: the [camera.NAME] tables by name.
            camera_endpoints: where each camera publishes, by its name.
            run_dir: the folder of the service's own socket and lock.
            secrets: the file with the keys of other machines.
            group: whose members may ask, beside this user.
        """
        self._group = group
        self._settings = settings
        self._camera_endpoints = camera_endpoints
        self._run_dir = run_dir
        self._secrets = secrets
        self._endpoint = snapshot_endpoint(run_dir)
        self._service = StillService(cameras, settings)
        self._checked_at = 0.0
        self._memory_checked_at = float("-inf")
        self._losses = RateLimitedLog(logger)
        self._authenticator: ZapAuthenticator | None = None

    def run(self, stop: Stop, on_tick: Callable[[], None] = lambda: None) -> None:
        """Answer until `stop` is requested; `on_tick` is called once a second.

        Raises:
            RunDirError: the service runs already, or its folder cannot be used.
            ProcessError: the endpoint cannot be bound.
        """
        self.start()
        self._on_tick = on_tick
        try:
            self.loop(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """Bind the endpoint and subscribe to all cameras, which need not run yet."""
        self._lock = Lock(self._run_dir, "snapshot service")  # no camera has a name with a space
        check_descriptors()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=IO_THREADS)
        self._converters = Converters()
        self._router = sockets.make(self._context, zmq.ROUTER)
        self._router.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._router.setsockopt(zmq.SNDHWM, REPLIES_HIGH_WATER_MARK)
        endpoint = self._endpoint
        try:
            self._router.bind(endpoint)
            share_socket(endpoint, self._group)
            if self._settings.listen is not None:
                endpoint = str(self._settings.listen)
                self._open_tcp(self._settings.listen)
        except (ProcessError, RunDirError):
            self.stop()
            raise
        except zmq.ZMQError as error:
            self.stop()
            raise ProcessError(f"cannot answer at {endpoint}: {zmq.strerror(error.errno or 0)}") from None
        self._poller = zmq.Poller()
        self._subscriptions = Subscriptions(self._camera_endpoints, self._context, self._poller)
        logger.info("answers at %s", endpoint)

    def loop(self, stop: Stop) -> None:
        """Handle what arrives: frames before requests, so that a request gets the newest frame."""
        guarded = self._authenticator.readable() if self._authenticator is not None else ()
        for readable in (self._router, self._converters, stop, *guarded):
            self._poller.register(readable, zmq.POLLIN)
        while not stop.requested:
            stop.watchdog.feed()
            left = min(TICK_SECONDS, self._service.seconds_left())
            ready: dict[Any, int] = dict(self._poller.poll(math.ceil(left * 1000)))
            if self._authenticator is not None:
                self._authenticator.serve(ready)
            for kind, camera, socket in self._subscriptions.items():
                if socket in ready:
                    self._receive(kind, camera, socket.recv())
            if self._converters.fileno() in ready:
                for result in self._converters.results():
                    self._service.on_converted(result.job, result.outcome)
            if self._router in ready:
                self._read_requests()
            self._service.tick()
            self._tick()
            for job in self._service.jobs():
                self._converters.submit(job)
            self._send_replies()
            for camera in self._service.cameras:
                self._subscriptions.set_live(camera, needed=self._service.wants_live(camera))
                if not self._service.wants_full(camera):
                    self._subscriptions.close_full(camera)
            for camera in self._service.full_requests():
                self._subscriptions.request_full(camera)

    def follow(self, cameras: Mapping[str, CameraConfig], camera_endpoints: Mapping[str, Endpoint]) -> None:
        """Add, change and remove cameras, so that there are these; the arguments are those of the constructor."""
        self._service.follow(cameras, self._subscriptions.follow(camera_endpoints))

    def stop(self) -> None:
        """Close the sockets."""
        self._converters.close()
        self._context.destroy()
        self._lock.close()

    def _open_tcp(self, endpoint: TcpEndpoint) -> None:
        sockets.limit_tcp(self._router, str(endpoint))
        insecure = self._settings.insecure_tcp
        self._authenticator = ZapAuthenticator(self._context, self._secrets, logger, insecure=insecure)
        self._authenticator.open(self._router, endpoint)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._checked_at >= TICK_SECONDS:
            self._checked_at = now
            self._lock.check(self._endpoint)
            self._on_tick()
            self._converters.losses.flush()
            self._losses.flush()
            self._check_memory(now)
            self._subscriptions.check()
            if self._authenticator is not None:
                self._authenticator.tick()

    def _check_memory(self, now: float) -> None:
        if now - self._memory_checked_at >= MEMORY_CHECK_SECONDS:
            self._memory_checked_at = now
            with contextlib.suppress(OSError, StopIteration):  # no procfs
                self._service.limit_history(available_bytes())

    def _receive(self, kind: Kind, camera: str, message: bytes) -> None:
        try:
            match kind:
                case "status":
                    self._service.on_status(camera, message)
                case "full":
                    self._service.on_full_frame(camera, message)
                case _:
                    self._service.on_frame(camera, message)
        except Exception as error:  # whatever one camera sends, the others are served
            self._losses.count("messages that failed", f"{kind} of camera {camera}: {type(error).__name__}: {error}")

    def _send_replies(self) -> None:
        """Send many replies without a copy of each, as they may wait in the socket, and few with a copy."""
        replies = list(self._service.replies())
        if len(replies) < ZERO_COPY_FROM:
            for envelope, reply in replies:
                self._router.send_multipart([*envelope, reply])
            return
        shared = b""
        for envelope, reply in replies:
            if reply is not shared:
                shared, part = reply, zmq.Frame(reply)
            self._router.send_multipart([*envelope, part], copy=False)

    def _read_requests(self) -> None:
        for _ in range(MAX_REQUESTS_AT_ONCE):
            if not self._router.poll(0):
                return
            *envelope, request = self._router.recv_multipart()
            if len(envelope) <= MAX_ENVELOPE_PARTS:
                self._service.handle_request(envelope, request)
