import asyncio
import logging
import os
import resource
import socket
from typing import Any

import pytest

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.acceptor import Acceptor
from tests.gateway.conftest import until


@pytest.fixture
async def listener() -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0))
    made.setblocking(False)
    return made


async def test_connections_are_handed_on_with_where_they_come_from(listener: socket.socket) -> None:
    taken: list[tuple[socket.socket, Any]] = []
    acceptor = Acceptor(
        listener, lambda connection, address: taken.append((connection, address)), RateLimitedLog(logging.root)
    )
    clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    await until(lambda: len(taken) == 3)
    assert [address for _, address in taken] == [client.getsockname() for client in clients]
    for end in (*clients, *(connection for connection, _ in taken)):
        end.close()
    acceptor.close()


@pytest.mark.slow
async def test_without_descriptors_it_waits_and_goes_on(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[socket.socket] = []
    losses = RateLimitedLog(logging.getLogger("gateway"))
    acceptor = Acceptor(listener, lambda connection, _: taken.append(connection), losses)
    client = socket.create_connection(listener.getsockname())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_free = os.dup(0)
    os.close(next_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
    try:
        await until(lambda: losses.total["connections not taken"])
        await asyncio.sleep(0.1)
        assert losses.total["connections not taken"] == 1, "it tries again and again"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await until(lambda: taken)
    assert caplog.messages == ["1 connections not taken (1 in all): Too many open files"]
    for end in (client, *taken):
        end.close()
    acceptor.close()
