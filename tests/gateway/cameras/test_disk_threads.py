"""Reads in threads: how many, how long, and what becomes of those that nobody waits for."""

import asyncio
import threading

import pytest

from gateway.cameras.disk_threads import DiskThreads
from gateway.net.errors import HttpError
from tests.gateway.conftest import until


async def test_a_read_returns_or_raises_and_its_place_is_free_again() -> None:
    threads = DiskThreads(1)
    loop_thread = threading.get_ident()
    for _ in range(3):
        assert await threads.run(threading.get_ident) != loop_thread
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)


async def test_no_more_reads_at_the_same_time_than_there_are_places() -> None:
    threads = DiskThreads(2)
    release = threading.Event()
    started: list[int] = []

    def read(number: int) -> int:
        started.append(number)
        assert release.wait(30)
        return number

    reads = [asyncio.create_task(threads.run(lambda n=n: read(n))) for n in range(5)]  # type: ignore[misc]
    await until(lambda: len(started) == 2)
    release.set()
    assert await asyncio.gather(*reads) == [0, 1, 2, 3, 4]


async def test_a_disk_that_hangs_is_answered_in_time_and_holds_up_nothing_else() -> None:
    threads = DiskThreads(1, max_waiting=2, deadline_seconds=0.05)
    release = threading.Event()
    discarded: list[str] = []

    def hang() -> str:
        assert release.wait(30)
        return "late"

    with pytest.raises(HttpError) as raised:
        await threads.run(hang, discarded.append)
    assert (raised.value.status_code, raised.value.message) == (
        504,
        "the disk with the recordings did not answer within 0.05 s",
    )
    with pytest.raises(HttpError) as raised:  # its thread still hangs
        await threads.run(lambda: "next")
    assert raised.value.status_code == 504
    release.set()
    await until(lambda: discarded == ["late"])
    assert not threads._places.locked()


async def test_more_reads_than_may_wait_are_refused_at_once() -> None:
    threads = DiskThreads(1, max_waiting=2)
    release = threading.Event()
    reads = [asyncio.create_task(threads.run(lambda: release.wait(30))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(HttpError) as raised:
        await threads.run(lambda: None)
    assert (raised.value.status_code, raised.value.message) == (503, "2 reads of recordings are in progress already")
    release.set()
    assert await asyncio.gather(*reads) == [True, True]
