import asyncio
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest
from tornado.iostream import IOStream

from gateway.net.transport import (
    NOTSENT_LOWAT_BYTES,
    TCP_NOTSENT_LOWAT,
    SocketTransport,
    StreamTransport,
    Transport,
    detached_transport,
    limit_unsent_bytes,
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
async def transport(request: pytest.FixtureRequest, ends: tuple[socket.socket, socket.socket]) -> Transport:
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


async def test_every_line_prefers_fresh(transport: Transport, ends: tuple[socket.socket, socket.socket]) -> None:
    assert ends[0].getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == NOTSENT_LOWAT_BYTES
    transport.close()


async def test_what_fits_leaves_at_once(transport: Transport, ends: tuple[socket.socket, socket.socket]) -> None:
    assert transport.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    transport.close()


async def test_a_large_message_is_sent_in_pieces_and_completely(
    transport: Transport, ends: tuple[socket.socket, socket.socket]
) -> None:
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)  # else the kernel enlarges it as it is read
    free: list[int] = []
    transport.on_sent = lambda: free.append(1)
    for _ in range(2):
        assert not transport.send(LARGE)
        await asyncio.sleep(0.05)
        assert free == []
        assert await asyncio.to_thread(read, ends[1], len(LARGE)) == LARGE
        await until(lambda: free)
        free.clear()
    transport.close()


@pytest.mark.parametrize("leaves", [False, True], ids=["sent", "closed"])
async def test_a_message_is_held_only_until_it_has_left(
    leaves: bool, ends: tuple[socket.socket, socket.socket]
) -> None:
    """Else every viewer whose connection was busy once would hold a picture of its own."""
    sent: list[int] = []
    transport = SocketTransport(ends[0])
    transport.on_sent = lambda: sent.append(1)
    message = bytearray(LARGE)
    assert not transport.send(cast("bytes", message))
    with pytest.raises(BufferError):
        message.clear()
    if leaves:
        transport.close()
    else:
        assert await asyncio.to_thread(read, ends[1], len(LARGE)) == LARGE
        await until(lambda: sent)
    message.clear()  # which is refused while anybody holds a view of it
    transport.close()


@pytest.mark.slow
async def test_for_a_client_that_does_not_read_the_kernel_holds_little(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """The receiver's window fills, and what is beyond it stays with us."""
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    transport = SocketTransport(ends[0])
    assert not transport.send(LARGE)
    await asyncio.sleep(0.2)
    before = len(transport._rest)
    await asyncio.sleep(0.2)
    assert len(transport._rest) == before > len(LARGE) // 2
    transport.close()


async def test_a_viewer_that_leaves_ends_the_line_once(ends: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(ends[0])
    ended: list[int] = []
    transport.on_close = lambda: ended.append(1)
    ends[1].close()
    await until(lambda: ended)
    assert not transport.send(b"a picture")
    transport.close()
    assert ended == [1]


async def test_a_viewer_that_resets_in_the_middle_of_a_message_ends_the_line(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    transport = SocketTransport(ends[0])
    ended: list[int] = []
    transport.on_close = lambda: ended.append(1)
    assert not transport.send(LARGE)
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # l_onoff 1, l_linger 0: a reset
    ends[1].close()
    await until(lambda: ended)


async def test_what_a_viewer_still_says_is_passed_over(ends: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(ends[0])
    ended: list[int] = []
    transport.on_close = lambda: ended.append(1)
    ends[1].sendall(b"x" * 100_000)
    assert transport.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    assert not ended
    transport.close()


async def test_a_stream_that_is_closed_takes_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    stream = IOStream(ends[0])
    transport = StreamTransport(stream)
    stream.close()
    assert not transport.send(b"a picture")
    transport.close()


async def test_a_plain_stream_is_left_and_its_connection_kept(ends: tuple[socket.socket, socket.socket]) -> None:
    stream = IOStream(ends[0])
    transport = detached_transport(stream)
    assert stream.closed()
    assert transport.send(b"a picture")
    assert await asyncio.to_thread(read, ends[1], 9) == b"a picture"
    transport.close()
