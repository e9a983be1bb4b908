"""The gateway's process: listen, alone or beside other workers, serve until asked to stop, say goodbye."""

import asyncio
import contextlib
import errno
import logging
import os
import re
import resource
import socket
import ssl
import time
from functools import partial
from pathlib import Path
from typing import Any

import zmq
from tornado.httpserver import HTTPServer

from framebus.config.address import Address
from framebus.config.load import Config
from framebus.credentials.secrets_file import SecretsError
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, RunDirError, snapshot_endpoint
from gateway.access.access import Access
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http.routes import application
from gateway.net import tls
from gateway.net.acceptor import Acceptor
from gateway.net.connection_limits import Connections
from gateway.net.counted_stream import counted
from gateway.net.tls import TlsError

logger = logging.getLogger("gateway")

TICK_SECONDS = 1.0
ANNOUNCE_SECONDS = 5.0
"""A camera that has given no picture by then may never give one."""
LISTEN_BACKLOG = 128
"""Connections that wait to be accepted: a page that is reloaded by many at once."""
MAX_HEADER_BYTES = 16 * 1024
MAX_BUFFER_BYTES = 1024 * 1024
"""What may lie unread or unsent in Tornado's own buffers for one connection, pictures apart."""
MAX_LOGGED = 200
"""Letters of what somebody sent that a line of the log may hold."""
OWN_DESCRIPTORS = 256
"""What the gateway needs beside its connections: sockets to the cameras and the other processes."""
GOODBYE_SECONDS = 0.5
"""How long the viewers get for the close of their websocket."""


QUOTED = re.compile(r"""\bb['"]|['"]""")
QUERY = re.compile(r"\?\S*")


class Gateway:
    """Serves browsers from `start` to `stop`, all within one asyncio loop."""

    def __init__(self, config: Config, worker: int = 0) -> None:
        """`worker` is its number among [gateway] workers, from 0."""
        self._config = config
        self._worker = worker
        self._lock: Lock | None = None
        self._announced = worker > 0  # the first one says it for all
        self._started = time.monotonic()
        self._failed_at = float("-inf")

    async def run(self, stop: Stop) -> None:
        """Serve until `stop` is requested.

        Raises ProcessError when the address cannot be had, RunDirError when this worker runs already.
        """
        self.start()
        try:
            await self.loop(stop)
        finally:
            await self.stop()

    def start(self) -> None:
        """Bind the address first: without it, nothing else is of use."""
        settings = self._config.gateway
        self._refused = RateLimitedLog(logger)
        try:
            self._access = Access(self._config, self._refused)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._tls = self._certificate()
        allow_descriptors(settings.max_connections + OWN_DESCRIPTORS)
        if self._config.gateway.workers == 1:
            listener = listen(self._config.gateway.listen)
        else:
            self._lock, listener = listen_beside(self._config, self._worker)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._connections = Connections(settings.max_connections, settings.max_per_address, settings.trusted_proxies)
        self._cameras = CameraRegistry(self._config, self._context, self._worker)
        self._stills = StillsClient(snapshot_endpoint(self._config), self._context)
        self._server = HTTPServer(
            application(self._config, self._cameras, self._stills, self._refused, self._connections, self._access),
            max_header_size=MAX_HEADER_BYTES,
            max_body_size=settings.max_request_kb * 1000,
            idle_connection_timeout=settings.request_timeout,
            body_timeout=settings.request_timeout,
        )
        self._acceptor = Acceptor(listener, self._serve, self._refused)
        logging.getLogger("tornado.general").addFilter(self._count_malformed)
        logging.getLogger("tornado.application").addFilter(self._count_failures)
        logger.info("listening on %s", self._config.gateway.listen)

    def _certificate(self) -> ssl.SSLContext | None:
        settings = self._config.gateway
        if settings.tls_cert is None or settings.tls_key is None:
            return None
        try:
            return tls.context(Path(settings.tls_cert), Path(settings.tls_key))
        except TlsError as error:
            raise ProcessError(str(error)) from None

    def _renew(self) -> None:
        """Read the certificate again: for the connections to come."""
        settings = self._config.gateway
        if self._tls is None or settings.tls_cert is None or settings.tls_key is None:
            return
        try:
            tls.load(self._tls, Path(settings.tls_cert), Path(settings.tls_key))
            logger.info("read the certificate %s again", settings.tls_cert)
        except TlsError as error:
            logger.warning("%s; the one before stays in force", error)

    async def loop(self, stop: Stop) -> None:
        """Tick once a second until `stop` is requested; everything else happens in callbacks."""
        stopped = asyncio.Event()
        if self._tls is not None:
            stop.listen_for_reload()

        def woken() -> None:
            if stop.take_reload():
                self._renew()
            if stop.requested:
                stopped.set()

        asyncio.get_running_loop().add_reader(stop, woken)
        while not stop.requested:
            stop.watchdog.feed()
            self._cameras.tick()
            self._access.tick()
            self._cameras.dismiss(self._access.holds)
            self._refused.flush()
            self._announce()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS if self._announced else TICK_SECONDS / 10):
                    await stopped.wait()
        asyncio.get_running_loop().remove_reader(stop)

    async def stop(self) -> None:
        """Take no more requests, end the connections, then let go of the sockets."""
        self._acceptor.close()
        logging.getLogger("tornado.general").removeFilter(self._count_malformed)
        logging.getLogger("tornado.application").removeFilter(self._count_failures)
        self._cameras.close()
        self._access.close()
        self._stills.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._server.close_all_connections()
        self._context.destroy()
        if self._lock is not None:
            self._lock.close()

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
        except OSError:  # it has gone before TLS could begin
            connection.close()
            let_go()
            return
        self._server.handle_stream(stream, address)

    def _count_malformed(self, record: logging.LogRecord) -> bool:
        """Tornado would log a line for each request that is no HTTP, as long as that likes, and with what is in it."""
        self._refused.count("malformed requests", without_content(record.getMessage())[:MAX_LOGGED])
        return False

    def _count_failures(self, record: logging.LogRecord) -> bool:
        """What nobody foresaw is counted, and told with its traceback, but no more than once a second."""
        self._refused.count("requests failed")
        now = time.monotonic()
        if now - self._failed_at < TICK_SECONDS:
            return False
        self._failed_at = now
        return True

    def _announce(self) -> None:
        """Say where the page is, once there is something to see on it, or the page itself can say why there is not."""
        if self._announced:
            return
        feeds = self._cameras.feeds.values()
        there = next((feed.camera for feed in feeds if feed.status.captured is not None), None)
        page = address_to_open(self._config.gateway.listen, self._tls is not None)
        if there is not None:
            logger.info("camera %s is there: open %s", there, page)
        elif time.monotonic() - self._started > ANNOUNCE_SECONDS:
            logger.warning("no camera has given a picture yet; the page says why: open %s", page)
        else:
            return
        self._announced = True


def listen_beside(config: Config, worker: int) -> tuple[Lock, socket.socket]:
    """This worker's own lock, and a socket on the address that all workers listen on. The caller closes both.

    The kernel lets any program of this user share a port whose listeners all ask for it (SO_REUSEPORT, socket(7)), and
    deals it some of the connections. So the first of our workers takes the port alone for a moment, which nobody else
    can have then; and they start one after the other, so that there is a first one.

    Raises ProcessError when the address cannot be had, RunDirError when this worker runs already.
    """
    turn = Lock(config, "gateway port", wait=True)  # with a space in it, as no camera may be called that
    try:
        lock = Lock(config, f"gateway worker {worker}")
        try:
            if not any(_runs(config, other) for other in range(config.gateway.workers) if other != worker):
                listen(config.gateway.listen).close()
            return lock, listen(config.gateway.listen, shared=True)
        except ProcessError:
            lock.close()
            raise
    finally:
        turn.close()


def _runs(config: Config, worker: int) -> bool:
    try:
        Lock(config, f"gateway worker {worker}").close()
    except RunDirError:
        return True
    return False


def listen(address: Address, shared: bool = False) -> socket.socket:
    """A socket that listens on the address; for an empty host, on every address, of IPv6 too where there is that.

    `shared` lets others listen on it as well that ask for the same. Raises ProcessError when it cannot be had. The
    caller closes it.
    """
    everywhere = not address.host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if everywhere or ":" in address.host else socket.AF_INET
    where = (address.host, address.port)
    try:
        listener = socket.create_server(
            where, family=family, backlog=LISTEN_BACKLOG, reuse_port=shared, dualstack_ipv6=everywhere
        )
    except OSError as error:
        why = {
            errno.EADDRINUSE: "another program listens there",
            errno.EACCES: "ports below 1024 are for root",
            errno.EADDRNOTAVAIL: "this machine has no such address",
            socket.EAI_NONAME: "nobody knows this name",
        }.get(error.errno or 0) or os.strerror(abs(error.errno or 0))
        advice = "name another address with listen in [gateway]"
        raise ProcessError(f"cannot listen on {address}: {why}; {advice}") from None
    listener.setblocking(False)
    return listener


def without_content(message: str) -> str:
    """What Tornado says of a request, without the values and the query that it quotes: these may be secrets."""
    return QUERY.sub("?…", QUOTED.split(message, maxsplit=1)[0].rstrip())


def allow_descriptors(permission_for: int) -> None:
    """Raise this process's limit of open files, often 1024, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < permission_for:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(permission_for, hard), hard))
    if hard < permission_for:
        logger.warning(
            "only %d files may be open, for max_connections in [gateway] it takes %d (ulimit -n)", hard, permission_for
        )


def address_to_open(address: Address, encrypted: bool = False) -> str:
    """The page's URL, for a browser on another machine where that can reach it."""
    host = address.host
    if host in ("", "0.0.0.0", "::"):
        host = own_address() or "127.0.0.1"
    return f"http{'s' if encrypted else ''}://{Address(host, address.port)}/"


def own_address() -> str | None:
    """The address that the local network knows this machine by; None without a network."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): asks for the route, sends nothing
        return str(probe.getsockname()[0])
    return None
