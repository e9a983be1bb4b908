"""Who may connect: so many in all, and so many from one address."""

import asyncio
import socket
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from framebus.config.load import ConfigError, parse
from gateway.net.connection_limits import ConnectionLimits, limit_key
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import serving, until


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("127.0.0.1", None),
        ("127.9.9.9", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_an_address_has_its_share(address: str, key: str | None) -> None:
    assert limit_key(address) == key


def test_so_many_in_all() -> None:
    connections = ConnectionLimits(2, 100)
    connections.acquire("127.0.0.1")
    assert connections.refusal("192.0.2.1") is None
    connections.acquire("192.0.2.1")
    assert connections.refusal("127.0.0.1") == (
        "2 connections are open already, the most that max_connections in [gateway] allows"
    )
    connections.release("192.0.2.1")
    assert connections.refusal("127.0.0.1") is None


def test_so_many_from_one_address() -> None:
    connections = ConnectionLimits(100, 2)
    for _ in range(2):
        connections.acquire("2001:db8::1")
    assert connections.refusal("2001:db8::2") == (
        "2 connections from 2001:db8:: are open already, the most that max_per_address in [gateway] allows"
    )
    assert connections.refusal("2001:db8:0:1::1") is None
    connections.release("2001:db8::1")
    assert connections.refusal("2001:db8::2") is None


def test_this_machine_has_no_share() -> None:
    connections = ConnectionLimits(100, 1)
    for _ in range(50):
        connections.acquire("127.0.0.1")
    assert connections.refusal("127.0.0.1") is None


def test_a_proxy_that_others_come_through_has_no_share_either() -> None:
    connections = ConnectionLimits(100, 1, ["10.0.0.0/8"])
    for _ in range(50):
        connections.acquire("10.1.2.3")
    assert connections.refusal("10.1.2.3") is None
    for _ in range(50):
        connections.release("10.1.2.3")
    assert connections.open == 0


def test_who_has_gone_is_forgotten() -> None:
    connections = ConnectionLimits(100, 2)
    for number in range(200):
        connections.acquire(f"192.0.2.{number}")
        connections.release(f"192.0.2.{number}")
    assert connections.open == 0
    assert not connections._per_address


def test_more_viewers_than_connections_are_a_mistake() -> None:
    with pytest.raises(ConfigError) as refused:
        parse({"gateway": {"max_viewers": 5000}}, Path("x.toml"))
    assert refused.value.mistakes == [
        "x.toml: gateway.max_viewers: found 5000; allowed: at most max_connections, 2000; raise that as well"
    ]


async def test_every_connection_is_counted_until_its_end(configure: Configure) -> None:
    """Requests, streams and websockets, and those who say nothing."""
    config = configure(gateway="max_connections = 4\nmax_viewers = 3")
    camera = PublishedCamera(config)
    async with serving(config) as site, AsyncExitStack() as clients:
        connections = site.gateway._connections
        address = (config.gateway.listen.host, config.gateway.listen.port)
        silent = clients.enter_context(socket.create_connection(address))
        stream = clients.enter_context(socket.create_connection(address))
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        await until(lambda: site.gateway._cameras.viewers == 1)
        assert connections.open == 2
        with ExitStack() as more:
            for _ in range(2):
                more.enter_context(socket.create_connection(address))
            await until(lambda: connections.open == 4)
            refused = more.enter_context(socket.create_connection(address))
            refused.settimeout(10)
            assert await asyncio.to_thread(refused.recv, 1) == b""
            assert site.gateway._refused.total["connections refused"] == 1
        await until(lambda: connections.open == 2)
        stream.close()
        silent.close()
        await until(lambda: connections.open == 0)
    camera.close()


async def test_too_large_a_request_is_refused(configure: Configure) -> None:
    config = configure(gateway="max_request_kb = 1")
    async with serving(config):
        for status, request in (
            (
                413,
                b"PATCH /api/cameras/front/controls HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n" + bytes(1001),
            ),
            (431, b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + b"x" * 20_000 + b"\r\n\r\n"),
            (414, b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
        ):
            reader, writer = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
            writer.write(request)
            async with asyncio.timeout(10):
                assert (await reader.read())[:12] == f"HTTP/1.1 {status}".encode()
            writer.close()
