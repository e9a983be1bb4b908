"""Streams: what they tell, and the event loop that they share."""

import asyncio
import logging
import socket

import pytest

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.counted_stream import READS_PER_TURN, CountedStream
from gateway.net.progress import LOST, MIN_BYTES, ProgressWatch


def pair() -> tuple[CountedStream, socket.socket]:
    """A stream, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return CountedStream(ours), theirs


@pytest.mark.parametrize("kind", ["bytes", "until", "regex"])
async def test_one_connection_does_not_have_the_loop_for_itself(kind: str) -> None:
    """Millions of empty pings over one websocket held up everybody else."""
    stream, theirs = pair()
    theirs.sendall(b"x;" * 2000)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    for _ in range(1600):
        match kind:
            case "bytes":
                assert await stream.read_bytes(2) == b"x;"
            case "until":
                assert await stream.read_until(b";") == b"x;"
            case "regex":
                assert await stream.read_until_regex(b";") == b"x;"
    task.cancel()
    assert turns >= 1600 // READS_PER_TURN - 1
    stream.close()
    theirs.close()


async def test_the_end_is_told_once_to_all_who_want_to_know() -> None:
    stream, theirs = pair()
    told: list[str] = []
    stream.let_go = lambda: told.append("first")
    stream.on_end(lambda: told.append("second"))
    stream.close()
    stream.close()
    assert told == ["first", "second"]
    theirs.close()


async def test_who_does_not_take_its_answer_is_let_go() -> None:
    stream, theirs = pair()
    clock = 0.0
    losses = RateLimitedLog(logging.getLogger("gateway"))
    watch = ProgressWatch(20, losses, now=lambda: clock)
    watch.add(stream)
    theirs.setblocking(False)
    stream.write(bytes(4_000_000)).add_done_callback(lambda done: done.exception())
    watch.tick()
    for _ in range(5):  # slow, but it goes on
        clock += 15
        taken = 0
        while taken < 20 * MIN_BYTES:
            taken += len(await asyncio.get_running_loop().sock_recv(theirs, MIN_BYTES))
        watch.tick()
        assert not stream.closed()
    clock += 15
    watch.tick()
    assert not stream.closed()
    clock += 15
    watch.tick()
    assert stream.closed()
    assert losses.total[LOST] == 1
    theirs.close()


async def test_a_connection_with_nothing_to_send_is_left_alone() -> None:
    stream, theirs = pair()
    clock = 0.0
    watch = ProgressWatch(20, RateLimitedLog(logging.getLogger("gateway")), now=lambda: clock)
    watch.add(stream)
    for _ in range(3):
        watch.tick()
        clock += 1000
    assert not stream.closed()
    stream.close()
    theirs.close()
