"""The gateway's process: starts the server, ticks once a second, and ends the connections when it stops."""

import asyncio
import contextlib
import logging
import socket
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import zmq
from tornado.httpserver import HTTPServer

from framebus.config.load import Config
from framebus.credentials.secrets_file import SecretsError
from framebus.runtime.descriptors import allow_descriptors
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, snapshot_endpoint
from gateway.access.access import Access
from gateway.announcement import Announcement
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http.limit_metrics import Limits
from gateway.http.log_filters import LogFilters
from gateway.http.routes import application
from gateway.http.services import Services
from gateway.net import tls
from gateway.net.acceptor import Acceptor
from gateway.net.connection_limits import Connections
from gateway.net.counted_stream import counted
from gateway.net.listen import AddressUnavailableError, listen, listen_beside
from gateway.net.progress import ProgressWatch
from gateway.net.rate_limit import RateLimiter
from gateway.net.tls import TlsError

logger = logging.getLogger("gateway")

TICK_SECONDS = 1.0
MAX_HEADER_BYTES = 16 * 1024
MAX_BUFFER_BYTES = 1024 * 1024
"""Unread bytes that Tornado may buffer for one connection."""
OWN_DESCRIPTORS = 256
"""Open files beside the connections: sockets to the cameras and the other processes."""
GOODBYE_SECONDS = 0.5
"""How long the viewers get to close their websocket."""


class Gateway:
    """Serves browsers from `start` to `stop`, all in one asyncio loop."""

    def __init__(self, config: Config, worker: int = 0) -> None:
        """`worker` is its number among [gateway] workers, from 0."""
        self._config = config
        self._worker = worker
        self._lock: Lock | None = None

    async def run(self, stop: Stop) -> None:
        """Serve until `stop` is requested.

        Raises:
            ProcessError: the address, the certificate or the secrets file cannot be used.
            RunDirError: this worker runs already.
        """
        listener = await self._wait_for_address(stop)
        if listener is None:
            return
        self.start(listener)
        try:
            await self.loop(stop)
        finally:
            await self.stop()

    def start(self, listener: socket.socket | None = None) -> None:
        """Start to serve, on this socket if there is one. Raises as `run` does."""
        settings = self._config.gateway
        listener = listener or self._listen()
        self._refused = RateLimitedLog(logger)
        try:
            self._access = Access(self._config, self._refused)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._tls = self._certificate()
        self._allow_descriptors(settings.max_connections)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._connections = Connections(settings.max_connections, settings.max_per_address, settings.trusted_proxies)
        self._progress = ProgressWatch(settings.request_timeout, self._refused)
        self._cameras = CameraRegistry(self._config, self._context, self._worker)
        self._stills = StillsClient(snapshot_endpoint(self._config), self._context)
        self._server = HTTPServer(
            application(self._services(), self._refused),
            max_header_size=MAX_HEADER_BYTES,
            max_body_size=settings.max_request_kb * 1000,
            idle_connection_timeout=settings.request_timeout,
            body_timeout=settings.request_timeout,
        )
        self._acceptor = Acceptor(listener, self._serve, self._refused)
        self._filters = LogFilters(self._refused)
        self._filters.install()
        self._announcement = Announcement(settings.listen, self._tls is not None, silent=self._worker > 0)
        logger.info("listening on %s", settings.listen)

    async def loop(self, stop: Stop) -> None:
        """Tick once a second until `stop` is requested; everything else happens in callbacks."""
        stopped = asyncio.Event()
        if self._tls is not None:
            stop.listen_for_reload()

        def woken() -> None:
            if stop.take_reload():
                self._renew_certificate()
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
        self._acceptor.close()
        self._filters.remove()
        self._cameras.close()
        self._access.close()
        self._stills.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._server.close_all_connections()
        self._context.destroy()
        if self._lock is not None:
            self._lock.close()

    def _tick(self) -> None:
        self._cameras.tick()
        self._access.tick()
        self._cameras.dismiss(self._access.holds)
        self._progress.tick()
        self._refused.flush()
        self._announcement.tick(self._cameras.feeds.values())

    def _services(self) -> Services:
        return Services(
            config=self._config,
            cameras=self._cameras,
            stills=self._stills,
            access=self._access,
            connections=self._connections,
            limits=Limits(self._config, self._connections, self._refused),
            still_rate=RateLimiter(self._config.gateway.stills_per_second),
        )

    def _listen(self) -> socket.socket:
        if self._config.gateway.workers == 1:
            return listen(self._config.gateway.listen)
        self._lock, listener = listen_beside(self._config, self._worker)
        return listener

    async def _wait_for_address(self, stop: Stop) -> socket.socket | None:
        """Listen, and wait for the address if DHCP has not assigned it (again); None when the end is requested."""
        has_waited = False
        while not stop.requested:
            stop.watchdog.feed()
            try:
                return self._listen()
            except AddressUnavailableError as error:
                if not has_waited:
                    logger.warning("%s; waiting for it", error)
                has_waited = True
            await asyncio.sleep(TICK_SECONDS)
        return None

    def _certificate(self) -> ssl.SSLContext | None:
        settings = self._config.gateway
        if settings.tls_cert is None or settings.tls_key is None:
            return None
        try:
            return tls.context(Path(settings.tls_cert), Path(settings.tls_key))
        except TlsError as error:
            raise ProcessError(str(error)) from None

    def _renew_certificate(self) -> None:
        """Read the certificate again, for the connections to come."""
        settings = self._config.gateway
        if self._tls is None or settings.tls_cert is None or settings.tls_key is None:
            return
        try:
            tls.load(self._tls, Path(settings.tls_cert), Path(settings.tls_key))
            logger.info("read the certificate %s again", settings.tls_cert)
        except TlsError as error:
            logger.warning("%s; the one before stays in force", error)

    def _allow_descriptors(self, max_connections: int) -> None:
        wanted = max_connections + OWN_DESCRIPTORS
        allowed = allow_descriptors(wanted)
        if allowed < wanted:
            logger.warning(
                "only %d files may be open, for max_connections in [gateway] it takes %d (ulimit -n)", allowed, wanted
            )

    def _serve(self, connection: socket.socket, address: Any) -> None:
        peer = address[0]
        refusal = self._connections.refusal(peer)
        if refusal is not None:
            self._refused.count("connections refused", refusal)
            connection.close()
            return
        connection.setblocking(False)
        self._connections.let_in(peer)
        let_go = partial(self._connections.let_go, peer)
        try:
            stream = counted(connection, self._tls, let_go, MAX_BUFFER_BYTES)
        except OSError:  # it has ended before TLS could begin
            connection.close()
            let_go()
            return
        self._progress.add(stream)
        self._server.handle_stream(stream, address)
