"""The gateway's process: starts the server, ticks once a second, and ends the connections when it stops."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import zmq
from tornado.httpserver import HTTPServer

from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.credentials.secrets_file import SecretsError
from framebus.runtime.malloc import FreeMemory
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, events_endpoint, recorder_endpoint, snapshot_endpoint
from framebus.transport.io_threads import IO_THREADS
from framebus.transport.process_context import check_descriptors
from gateway.access.access import Access
from gateway.announcement import Announcement
from gateway.cameras.camera_endpoints import CameraEndpoints, worker_endpoints
from gateway.cameras.event_feed import EventFeed
from gateway.cameras.exports import Exports
from gateway.cameras.recorder_client import RecorderClient
from gateway.cameras.recordings_reader import RecordingsReader
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http.limit_metrics import LimitMetrics
from gateway.http.log_filters import LogFilters
from gateway.http.places import Places
from gateway.http.routes import application
from gateway.http.services import Services
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.http_listener import HttpListener, raise_descriptor_limit
from gateway.net.listen import listen, listen_beside, wait_for_address
from gateway.net.progress import ProgressWatch
from gateway.net.rate_limit import RateLimiter
from gateway.net.tls import configured_certificate

logger = logging.getLogger("gateway")

TICK_SECONDS = 1.0
TORNADO_SPARE_SECONDS = 10.0
"""Tornado closes the connection of a late request without an answer, so RequestStream is to be first."""
EXPORTS_NAME = "exports"
"""In state_dir: films that are being made, and that were not fetched yet."""
GOODBYE_SECONDS = 0.5
"""How long the viewers get to close their websocket."""


class Gateway:
    """Serves browsers from `start` to `stop`, all in one asyncio loop. Its parts get their values from here."""

    def __init__(
        self,
        settings: GatewayConfig,
        cameras: Mapping[str, CameraConfig],
        endpoints: Mapping[str, CameraEndpoints],
        limits: Mapping[str, float],
        *,
        config_path: Path | None,
        run_dir: Path,
        state_dir: Path,
        secrets: Path,
        recordings: Path,
        worker: int = 0,
    ) -> None:
        """Prepare a worker; nothing is opened yet.

        Args:
            settings: the table [gateway].
            cameras: the tables [camera.NAME], by name.
            endpoints: where each camera publishes.
            limits: those of `configured_limits`, for /metrics.
            config_path: framebus.toml, which the settings change; None without one.
            run_dir: the folder of the sockets.
            state_dir: the folder of the sessions.
            secrets: the file of users and tokens; it need not be there.
            recordings: the folder of recordings; it need not be there.
            worker: its number among [gateway] workers, from 0.
        """
        self._settings = settings
        self._camera_settings = dict(cameras)
        self._endpoints = endpoints
        self._configured_limits = limits
        self._config_path = config_path
        self._run_dir = run_dir
        self._state_dir = state_dir
        self._secrets = secrets
        self._recordings_folder = recordings
        self._worker = worker
        self._lock: Lock | None = None
        self._on_tick: Callable[[], None] = lambda: None

    async def run(self, stop: Stop, on_tick: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop` is requested; `on_tick` is called once a second.

        Raises:
            ProcessError: the address, the certificate or the secrets file cannot be used.
            RunDirError: this worker runs already.
        """
        listener = await wait_for_address(self._listen, stop)
        if listener is None:
            return
        self.start(listener)
        self._on_tick = on_tick
        try:
            await self.loop(stop)
        finally:
            await self.stop()

    def start(self, listener: socket.socket | None = None) -> None:
        """Start to serve, on this socket if there is one. Raises as `run` does."""
        settings = self._settings
        listener = listener or self._listen()
        self._refused = RateLimitedLog(logger)
        self._free_memory = FreeMemory()
        try:
            self._access = Access(settings, self._secrets, self._state_dir, self._refused)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._certificate = configured_certificate(settings)
        tls = self._certificate.context if self._certificate is not None else None
        raise_descriptor_limit(settings.max_connections)
        check_descriptors()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=IO_THREADS)
        self._connections = ConnectionLimits(
            settings.max_connections, settings.max_per_address, settings.trusted_proxies
        )
        self._progress = ProgressWatch(settings.request_timeout, self._refused)
        self._cameras = CameraRegistry(
            self._endpoints,
            self._context,
            settings.max_viewers,
            worker_endpoints(self._run_dir, settings.workers),
            self._worker,
        )
        self._events = EventFeed(events_endpoint(self._run_dir), self._context)
        self._limits = LimitMetrics(self._configured_limits, self._connections, self._refused)
        self._stills = StillsClient(snapshot_endpoint(self._run_dir), self._context)
        self._recorder = RecorderClient(recorder_endpoint(self._run_dir), self._context)
        self._recordings = RecordingsReader(self._recordings_folder)
        self._exports = Exports(self._state_dir / EXPORTS_NAME, self._recordings_folder)
        self._server = HTTPServer(
            application(self._services(), self._refused),
            max_body_size=settings.max_request_kb * 1000,
            idle_connection_timeout=settings.request_timeout + TORNADO_SPARE_SECONDS,
            body_timeout=settings.request_timeout + TORNADO_SPARE_SECONDS,
        )
        self._listener = HttpListener(
            listener,
            self._server,
            self._connections,
            self._progress,
            self._refused,
            tls,
            settings.max_request_kb * 1000,
            settings.request_timeout,
        )
        self._filters = LogFilters(self._refused)
        self._filters.install()
        self._announcement = Announcement(settings.listen, tls is not None, silent=self._worker > 0)
        logger.info("listening on %s", settings.listen)

    async def loop(self, stop: Stop) -> None:
        """Tick once a second until `stop` is requested; everything else happens in callbacks."""
        stopped = asyncio.Event()
        if self._certificate is not None:
            stop.listen_for_reload()

        def woken() -> None:
            if stop.take_reload() and self._certificate is not None:
                self._certificate.reload()
            if stop.requested:
                stopped.set()

        asyncio.get_running_loop().add_reader(stop, woken)
        while not stop.requested:
            stop.watchdog.feed()
            self._tick()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS if self._announcement.is_done else TICK_SECONDS / 10):
                    await stopped.wait()
        asyncio.get_running_loop().remove_reader(stop)

    async def stop(self) -> None:
        """Accept no more requests, end the connections, and close the sockets."""
        self._listener.close()
        self._filters.remove()
        self._cameras.close()
        self._events.close()
        self._access.close()
        self._stills.close()
        self._recorder.close()
        self._recordings.close()
        self._exports.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._server.close_all_connections()
        self._context.destroy()
        if self._lock is not None:
            self._lock.close()

    def follow(
        self,
        cameras: Mapping[str, CameraConfig],
        endpoints: Mapping[str, CameraEndpoints],
        limits: Mapping[str, float],
        recordings: Path,
    ) -> None:
        """Add, change and remove cameras as a changed configuration has them; the arguments are those of the start."""
        self._cameras.follow(endpoints)
        self._camera_settings.clear()
        self._camera_settings.update(cameras)
        self._limits.limits = limits
        self._recordings.follow(recordings)
        self._exports.recordings = recordings

    def _tick(self) -> None:
        self._on_tick()
        self._cameras.tick()
        self._access.tick()
        self._cameras.disconnect_unauthorized(self._access.is_still_valid)
        self._progress.tick()
        self._exports.tick()
        self._refused.flush()
        self._announcement.tick(self._cameras.feeds.values())
        self._free_memory.tick()

    def _services(self) -> Services:
        return Services(
            settings=self._settings,
            places=Places(self._config_path, self._run_dir, self._state_dir, self._secrets),
            camera_settings=self._camera_settings,
            cameras=self._cameras,
            events=self._events,
            stills=self._stills,
            recorder=self._recorder,
            recordings=self._recordings,
            exports=self._exports,
            access=self._access,
            connections=self._connections,
            limits=self._limits,
            still_rate=RateLimiter(self._settings.stills_per_second),
        )

    def _listen(self) -> socket.socket:
        settings = self._settings
        if settings.workers == 1:
            return listen(settings.listen)
        self._lock, listener = listen_beside(settings.listen, self._run_dir, settings.workers, self._worker)
        return listener
