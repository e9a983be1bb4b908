"""Connections that do not take their answer."""

import asyncio
import logging

import pytest

from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.progress import MIN_BYTES, STALLED_RESPONSES, ProgressWatch
from tests.gateway.net.test_counted_stream import pair


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
    assert losses.total[STALLED_RESPONSES] == 1
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


@pytest.mark.parametrize(("written_bytes", "stays"), [(0, False), (MIN_BYTES - 1, False), (MIN_BYTES, True)])
async def test_so_many_bytes_within_the_deadline_are_enough(
    written_bytes: int, stays: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stream, theirs = pair()
    clock = 0.0
    watch = ProgressWatch(2.5, RateLimitedLog(logging.getLogger("gateway")), now=lambda: clock)
    watch.add(stream)
    stream.write(bytes(4_000_000)).add_done_callback(lambda done: done.exception())
    watch.tick()
    clock = 2.5
    watch.tick()
    assert not stream.closed(), "the deadline is not over"
    stream.written_bytes += written_bytes
    clock = 2.6
    watch.tick()
    assert stream.closed() is not stays
    logged = [] if stays else [f"1 {STALLED_RESPONSES} (1 in all): less than {MIN_BYTES} bytes in 2.5 s"]
    assert [record.getMessage() for record in caplog.records] == logged
    stream.close()
    theirs.close()


async def test_the_deadline_begins_with_the_answer() -> None:
    stream, theirs = pair()
    clock = 0.0
    watch = ProgressWatch(20, RateLimitedLog(logging.getLogger("gateway")), now=lambda: clock)
    watch.add(stream)
    watch.tick()
    clock = 1000.0
    stream.write(bytes(4_000_000)).add_done_callback(lambda done: done.exception())
    watch.tick()
    clock = 1020.0
    watch.tick()
    assert not stream.closed()
    stream.close()
    theirs.close()


async def test_a_closed_stream_is_no_loss() -> None:
    stream, theirs = pair()
    losses = RateLimitedLog(logging.getLogger("gateway"))
    watch = ProgressWatch(20, losses, now=lambda: 0.0)
    watch.add(stream)
    stream.close()
    watch.tick()
    assert not losses.total
    assert not watch._progress
    theirs.close()
