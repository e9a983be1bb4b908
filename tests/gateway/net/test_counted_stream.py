"""Streams: what they tell, and the event loop that they share."""

import asyncio
import socket

import pytest
from tornado.iostream import StreamClosedError

from gateway.net.counted_stream import READS_PER_TURN, CountedStream


def pair() -> tuple[CountedStream, socket.socket]:
    """A stream, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return CountedStream(ours), theirs


@pytest.mark.parametrize("kind", ["bytes", "ahead", "until", "regex"])
async def test_one_connection_does_not_have_the_loop_for_itself(kind: str) -> None:
    """Millions of empty pings over one websocket held up everybody else."""
    stream, theirs = pair()
    theirs.sendall(b"x;" * 2000)
    if kind == "ahead":
        stream.read_ahead()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    for _ in range(1600):
        match kind:
            case "bytes" | "ahead":
                assert await stream.read_bytes(2) == b"x;"
            case "until":
                assert await stream.read_until(b";") == b"x;"
            case "regex":
                assert await stream.read_until_regex(b";") == b"x;"
    task.cancel()
    assert turns >= 1600 // READS_PER_TURN - 1
    stream.close()
    theirs.close()


async def test_what_is_read_ahead_is_handed_over_in_the_parts_that_are_asked_for() -> None:
    stream, theirs = pair()
    stream.read_ahead()
    large = bytes(range(256)) * 256
    theirs.sendall(b"ab" + b"cdef")
    assert [await stream.read_bytes(size) for size in (2, 0, 3)] == [b"ab", b"", b"cde"]
    waiting = asyncio.ensure_future(stream.read_bytes(1 + len(large)))
    await asyncio.get_running_loop().run_in_executor(None, theirs.sendall, large + b"end")
    assert await waiting == b"f" + large
    theirs.close()
    assert await stream.read_bytes(3) == b"end"
    with pytest.raises(StreamClosedError):
        await stream.read_bytes(1)
    assert stream.closed()


async def test_the_end_is_told_once_to_all_who_want_to_know() -> None:
    stream, theirs = pair()
    told: list[str] = []
    stream.release = lambda: told.append("first")
    stream.add_release_callback(lambda: told.append("second"))
    stream.close()
    stream.close()
    assert told == ["first", "second"]
    theirs.close()
