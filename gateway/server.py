"""The gateway's process: listen, serve until asked to stop, say goodbye."""

import asyncio
import contextlib
import errno
import logging
import socket

import zmq
from tornado.httpserver import HTTPServer

from framebus.config import Address, Config
from framebus.losses import Losses
from framebus.process import ProcessError, Stop
from framebus.run_dir import snapshot_endpoint
from gateway.cameras import Cameras
from gateway.routes import application
from gateway.stills import Stills

logger = logging.getLogger("gateway")

TICK_SECONDS = 1.0
LISTEN_BACKLOG = 128
"""Connections that wait to be accepted: a page that is reloaded by many at once."""
MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
IDLE_CONNECTION_SECONDS = 75.0
"""A keep-alive connection that asks for nothing is closed after this (nginx closes its own after as long)."""
GOODBYE_SECONDS = 0.5
"""How long the viewers get for the close of their websocket."""


class Gateway:
    """Serves browsers from `start` to `stop`, all within one asyncio loop."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._announced = False

    async def run(self, stop: Stop) -> None:
        """Serve until `stop` is requested. Raises ProcessError when the address cannot be had."""
        self.start()
        try:
            await self.loop(stop)
        finally:
            await self.stop()

    def start(self) -> None:
        """Bind the address first: without it, nothing else is of use."""
        listener = listen(self._config.gateway.listen)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._refused = Losses(logger)
        self._cameras = Cameras(self._config, self._context)
        self._stills = Stills(snapshot_endpoint(self._config), self._context, self._config.gateway.snapshot_timeout)
        self._server = HTTPServer(
            application(self._config, self._cameras, self._stills, self._refused),
            max_header_size=MAX_HEADER_BYTES,
            max_body_size=MAX_BODY_BYTES,
            idle_connection_timeout=IDLE_CONNECTION_SECONDS,
        )
        self._server.add_socket(listener)
        logger.info("listening on %s", self._config.gateway.listen)

    async def loop(self, stop: Stop) -> None:
        """Tick once a second until `stop` is requested; everything else happens in callbacks."""
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_reader(stop, stopped.set)
        while not stop.requested:
            self._cameras.tick()
            self._refused.flush()
            self._announce()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS if self._announced else TICK_SECONDS / 10):
                    await stopped.wait()
        asyncio.get_running_loop().remove_reader(stop)

    async def stop(self) -> None:
        """Take no more requests, end the connections, then let go of the sockets."""
        self._server.stop()
        self._cameras.close()
        self._stills.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._server.close_all_connections()
        self._context.destroy()

    def _announce(self) -> None:
        """Say where the page is, once there is something to see on it."""
        if self._announced:
            return
        for feed in self._cameras.feeds.values():
            if feed.status.captured is not None:
                self._announced = True
                logger.info("camera %s is there: open %s", feed.camera, address_to_open(self._config.gateway.listen))
                return


def listen(address: Address) -> socket.socket:
    """A socket that listens on the address; for an empty host, on every address, of IPv6 too where there is that.

    Raises ProcessError when it cannot be had. The caller closes it.
    """
    everywhere = not address.host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if everywhere or ":" in address.host else socket.AF_INET
    where = (address.host, address.port)
    try:
        listener = socket.create_server(where, family=family, backlog=LISTEN_BACKLOG, dualstack_ipv6=everywhere)
    except OSError as error:
        why = {
            errno.EADDRINUSE: "another program listens there",
            errno.EACCES: "ports below 1024 are for root",
            errno.EADDRNOTAVAIL: "this machine has no such address",
        }.get(error.errno or 0, error.strerror)
        advice = "name another address with listen in [gateway]"
        raise ProcessError(f"cannot listen on {address}: {why}; {advice}") from None
    listener.setblocking(False)
    return listener


def address_to_open(address: Address) -> str:
    """The page's URL, for a browser on another machine where that can reach it."""
    host = address.host
    if host in ("", "0.0.0.0", "::"):
        host = own_address() or "127.0.0.1"
    return f"http://{Address(host, address.port)}/"


def own_address() -> str | None:
    """The address that the local network knows this machine by; None without a network."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): asks for the route, sends nothing
        return str(probe.getsockname()[0])
    return None
