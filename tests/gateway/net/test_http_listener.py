"""Connections on their way to the HTTP server."""

import asyncio
import logging
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.http_listener import (
    MAX_SERVED_AT_ONCE,
    OTHER_DESCRIPTORS,
    HttpListener,
    has_left,
    raise_descriptor_limit,
)
from gateway.net.progress import ProgressWatch
from tests.gateway.conftest import until
from tests.processes import wait_until

LOSSES = RateLimitedLog(logging.getLogger("gateway"))


@asynccontextmanager
async def listening(
    limits: ConnectionLimits, losses: RateLimitedLog = LOSSES, application: Application | None = None
) -> AsyncIterator[tuple[str, int]]:
    """An HTTP server, by default without any path; yields its address."""
    server = HTTPServer(application or Application())
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
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


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def client_that_leaves(address: tuple[str, int], *, by_reset: bool) -> None:
    client = socket.create_connection(address)
    client.sendall(REQUEST)
    if by_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("by_reset", [False, True])
async def test_a_flood_of_clients_that_have_left_costs_no_service(by_reset: bool) -> None:
    """They come in one turn of the loop, and a client behind them gets its answer."""
    limits, losses, served = ConnectionLimits(1000, 10), RateLimitedLog(logging.getLogger("gateway")), 0

    class Handler(RequestHandler):
        def get(self) -> None:
            nonlocal served
            served += 1

    async with listening(limits, losses, Application([("/", Handler)])) as address:
        for _ in range(200):
            client_that_leaves(address, by_reset=by_reset)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()
        await until(lambda: limits.open == 0)
        assert losses.total["connections refused"] == 200
        assert served == 1


async def test_a_client_that_ends_its_side_is_served() -> None:
    """As `nc -N` does, right after its request."""
    async with listening(ConnectionLimits(10, 10)) as address:
        with socket.create_connection(address) as client:
            client.sendall(REQUEST)
            client.shutdown(socket.SHUT_WR)
            client.setblocking(False)
            assert (await asyncio.get_running_loop().sock_recv(client, 22)) == b"HTTP/1.1 404 Not Found"


async def test_of_many_new_clients_some_are_served_in_each_turn() -> None:
    """All of them are accepted: the kernel drops those who come while its queue is full."""
    limits = ConnectionLimits(1000, 1000)
    async with listening(limits) as address:
        clients = [socket.create_connection(address) for _ in range(3 * MAX_SERVED_AT_ONCE)]
        await until(lambda: limits.open)
        assert limits.open == len(clients)
        for client in clients:
            client.sendall(REQUEST)
            client.setblocking(False)
        for client in clients:
            async with asyncio.timeout(10):
                assert (await asyncio.get_running_loop().sock_recv(client, 12)) == b"HTTP/1.1 404"
            client.close()
        await until(lambda: limits.open == 0)


async def test_those_who_wait_at_the_end_are_let_go() -> None:
    limits = ConnectionLimits(1000, 1000)
    async with listening(limits) as address:
        clients = [socket.create_connection(address) for _ in range(2 * MAX_SERVED_AT_ONCE)]
        await until(lambda: limits.open)
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn
    await until(lambda: limits.open == 0)
    for client in clients:
        client.settimeout(10)
        assert client.recv(1) == b""
        client.close()


def test_whether_a_client_has_left_is_known_without_reading() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for by_reset in (False, True):
            client_that_leaves(listener.getsockname(), by_reset=by_reset)
            with listener.accept()[0] as accepted:
                wait_until(partial(has_left, accepted), "the end of the client's side")
                accepted.close()
                assert not has_left(accepted), "a closed descriptor tells nothing"
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert not has_left(accepted)


def test_too_few_descriptors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    raise_descriptor_limit(hard)
    wanted = hard + OTHER_DESCRIPTORS
    assert caplog.messages == [
        f"only {hard} files may be open, for max_connections in [gateway] it takes {wanted} (ulimit -n)"
    ]
