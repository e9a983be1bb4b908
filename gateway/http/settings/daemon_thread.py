"""Calls what takes long in a thread that does not keep the process from ending."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(function: Callable[[], T]) -> T:
    """Call a function in a thread of its own, and return what it returns.

    The threads of `asyncio.to_thread` are waited for at the end of the process; supervisord would kill it meanwhile.

    Args:
        function: it goes on to its end, even if this call is cancelled.

    Raises:
        Exception: what `function` raised.
    """
    done: concurrent.futures.Future[T] = concurrent.futures.Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(function())
        except Exception as error:  # it belongs to the one who waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
