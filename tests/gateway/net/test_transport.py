import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from tornado.iostream import IOStream

from gateway.net.transport import (
    NOTSENT_LOWAT_BYTES,
    TCP_NOTSENT_LOWAT,
    SocketTransport,
    StreamTransport,
    Transport,
    limit_unsent_bytes,
    transport_of,
)
from tests.gateway.conftest import until

LARGE = bytes(range(256)) * 40_000
"""10 MB: more than any kernel takes at once."""


@pytest.fixture
async def ends() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection: ours and the viewer's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    theirs.settimeout(10)
    yield ours, theirs
    theirs.close()
    ours.close()


@pytest.fixture(params=["socket", "stream"])
async def line(request: pytest.FixtureRequest, ends: tuple[socket.socket, socket.socket]) -> Transport:
    return SocketTransport(ends[0]) if request.param == "socket" else StreamTransport(IOStream(ends[0]))


def read(connection: socket.socket, count: int) -> bytes:
    with connection.makefile("rb") as file:
        return file.read(count)


def test_the_kernel_is_told_to_hold_little(ends: tuple[socket.socket, socket.socket]) -> None:
    limit_unsent_bytes(ends[0])
    assert ends[0].getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == NOTSENT_LOWAT_BYTES == 16384
    assert ends[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_socket_that_is_not_tcp_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        limit_unsent_bytes(ours)


async def test_every_line_prefers_fresh(line: Transport, ends: tuple[socket.socket, socket.socket]) -> None:
    assert ends[0].getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == NOTSENT_LOWAT_BYTES
    line.close()


async def test_what_fits_leaves_at_once(line: Transport, ends: tuple[socket.socket, socket.socket]) -> None:
    assert line.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    line.close()


async def test_a_large_message_leaves_bit_by_bit_and_whole(
    line: Transport, ends: tuple[socket.socket, socket.socket]
) -> None:
    free: list[int] = []
    line.on_free = lambda: free.append(1)
    for _ in range(2):
        assert not line.send(LARGE)
        await asyncio.sleep(0.05)
        assert free == []
        assert await asyncio.to_thread(read, ends[1], len(LARGE)) == LARGE
        await until(lambda: free)
        free.clear()
    line.close()


@pytest.mark.slow
async def test_while_nobody_reads_the_kernel_holds_little(ends: tuple[socket.socket, socket.socket]) -> None:
    """The receiver's window fills, and what is beyond it stays with us."""
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    line = SocketTransport(ends[0])
    assert not line.send(LARGE)
    await asyncio.sleep(0.2)
    before = len(line._rest)
    await asyncio.sleep(0.2)
    assert len(line._rest) == before > len(LARGE) // 2
    line.close()


async def test_a_viewer_that_leaves_ends_the_line_once(ends: tuple[socket.socket, socket.socket]) -> None:
    line = SocketTransport(ends[0])
    ended: list[int] = []
    line.on_end = lambda: ended.append(1)
    ends[1].close()
    await until(lambda: ended)
    assert not line.send(b"a picture")
    line.close()
    assert ended == [1]


async def test_a_viewer_that_resets_in_the_middle_of_a_message_ends_the_line(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    line = SocketTransport(ends[0])
    ended: list[int] = []
    line.on_end = lambda: ended.append(1)
    assert not line.send(LARGE)
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # l_onoff 1, l_linger 0: a reset
    ends[1].close()
    await until(lambda: ended)


async def test_what_a_viewer_still_says_is_passed_over(ends: tuple[socket.socket, socket.socket]) -> None:
    line = SocketTransport(ends[0])
    ended: list[int] = []
    line.on_end = lambda: ended.append(1)
    ends[1].sendall(b"x" * 100_000)
    assert line.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    assert not ended
    line.close()


async def test_a_stream_that_is_closed_takes_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    stream = IOStream(ends[0])
    line = StreamTransport(stream)
    stream.close()
    assert not line.send(b"a picture")
    line.close()


async def test_a_plain_stream_is_left_and_its_connection_kept(ends: tuple[socket.socket, socket.socket]) -> None:
    stream = IOStream(ends[0])
    line = transport_of(stream)
    assert stream.closed()
    assert line.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    line.close()
