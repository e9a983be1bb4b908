"""Connections on their way to the HTTP server."""

import asyncio
import logging
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.http_listener import OTHER_DESCRIPTORS, HttpListener, raise_descriptor_limit
from gateway.net.progress import ProgressWatch
from tests.gateway.conftest import until

LOSSES = RateLimitedLog(logging.getLogger("gateway"))


@asynccontextmanager
async def listening(limits: ConnectionLimits, losses: RateLimitedLog = LOSSES) -> AsyncIterator[tuple[str, int]]:
    """An HTTP server without any path; yields its address."""
    server = HTTPServer(Application())
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    address = listener.getsockname()
    http_listener = HttpListener(listener, server, limits, ProgressWatch(20, losses), losses)
    yield address
    http_listener.close()
    await server.close_all_connections()


async def test_an_accepted_connection_is_counted_until_it_ends() -> None:
    limits = ConnectionLimits(10, 10)
    async with listening(limits) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 404 Not Found\r\n"
        assert limits.open == 1
        writer.close()
        await until(lambda: limits.open == 0)


async def test_a_connection_beyond_the_limit_is_closed_and_counted() -> None:
    limits, losses = ConnectionLimits(1, 10), RateLimitedLog(logging.getLogger("gateway"))
    async with listening(limits, losses) as address:
        _, first = await asyncio.open_connection(*address)
        await until(lambda: limits.open == 1)
        reader, second = await asyncio.open_connection(*address)
        assert await reader.read() == b""
        assert losses.total["connections refused"] == 1
        for writer in (first, second):
            writer.close()
        await until(lambda: limits.open == 0)


async def test_a_client_that_resets_at_once_is_not_counted_any_more() -> None:
    limits = ConnectionLimits(10, 10)
    async with listening(limits) as address:
        for _ in range(3):
            client = socket.create_connection(address)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
            client.close()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 404 Not Found\r\n"
        writer.close()
        await until(lambda: limits.open == 0)


def test_too_few_descriptors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    raise_descriptor_limit(hard)
    wanted = hard + OTHER_DESCRIPTORS
    assert caplog.messages == [
        f"only {hard} files may be open, for max_connections in [gateway] it takes {wanted} (ulimit -n)"
    ]
