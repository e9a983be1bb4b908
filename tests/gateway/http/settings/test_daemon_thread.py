"""What runs in a daemon thread: its result and its exceptions reach the caller, and the process may end meanwhile."""

import asyncio
import subprocess
import sys
import threading

import pytest

from gateway.http.settings.daemon_thread import in_daemon_thread
from tests.processes import DEADLINE_SECONDS

ENDS = """
import asyncio, threading
from gateway.http.settings.daemon_thread import in_daemon_thread

async def main():
    started = threading.Event()
    asyncio.ensure_future(in_daemon_thread(lambda: (started.set(), threading.Event().wait())))
    while not started.is_set():
        await asyncio.sleep(0.01)

asyncio.run(main())
"""


async def test_its_result_is_returned() -> None:
    assert await in_daemon_thread(threading.get_ident) != threading.get_ident()


async def test_its_exception_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 / 0)


async def test_a_cancelled_call_leaves_it_running() -> None:
    release, ended = threading.Event(), threading.Event()

    def wait() -> None:
        release.wait(DEADLINE_SECONDS)
        ended.set()

    call = asyncio.ensure_future(in_daemon_thread(wait))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    release.set()
    assert await asyncio.to_thread(ended.wait, DEADLINE_SECONDS)


@pytest.mark.medium
def test_a_process_ends_while_it_runs() -> None:
    subprocess.run([sys.executable, "-c", ENDS], check=True, timeout=DEADLINE_SECONDS)
