"""Runs reads of a disk in threads, so that a disk that is slow or hangs never holds up the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.net.errors import HttpError

DISK_SECONDS = 10.0
"""How long a request waits for a read, and for a thread to do it. A disk that was asleep takes a few seconds."""
MAX_READS_WAITING = 64
"""Reads under way or waiting for a thread; more are refused at once."""

T = TypeVar("T")


class DiskThreads:
    """A number of threads. Each ends with its read, and none keeps the process from ending: a dead share never returns.

    Made and used inside the running loop.
    """

    def __init__(
        self, maximum: int, max_waiting: int = MAX_READS_WAITING, deadline_seconds: float = DISK_SECONDS
    ) -> None:
        """Let `maximum` reads happen at the same time."""
        self._places = asyncio.Semaphore(maximum)
        self._max_waiting = max_waiting
        self._deadline_seconds = deadline_seconds
        self._waiting = 0

    async def run(self, read: Callable[[], T], discard: Callable[[T], None] = lambda _: None) -> T:
        """Call a function in a thread and return what it returns.

        Args:
            read: it goes on to its end, even if this call is cancelled or too late; its thread is occupied until then.
            discard: called in the loop with a result that came when it was no longer wanted.

        Raises:
            HttpError: 503 when too many reads wait, 504 when it does not end in time.
            Exception: what `read` raised.
        """
        if self._waiting >= self._max_waiting:
            raise HttpError(503, "busy", f"{self._max_waiting} reads of recordings are in progress already")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._places.acquire()
                loop = asyncio.get_running_loop()
                done: asyncio.Future[T] = loop.create_future()
                reading = threading.Thread(target=self._run, args=(loop, read, discard, done), daemon=True)
                try:
                    reading.start()
                except RuntimeError:  # no more threads
                    self._places.release()
                    raise HttpError(503, "busy", "the system has no thread to read recordings with") from None
                return await done
        except TimeoutError:
            message = f"the disk with the recordings did not answer within {self._deadline_seconds:g} s"
            raise HttpError(504, "timeout", message) from None
        finally:
            self._waiting -= 1

    def _run(
        self, loop: asyncio.AbstractEventLoop, read: Callable[[], T], discard: Callable[[T], None], done: Any
    ) -> None:
        """In the thread."""

        def finish(found: list[T], error: Exception | None) -> None:
            self._places.release()
            if done.done():
                for unwanted in found:
                    discard(unwanted)
            elif error is not None:
                done.set_exception(error)
            else:
                done.set_result(found[0])

        found: list[T] = []
        error: Exception | None = None
        try:
            found = [read()]
        except Exception as raised:  # it belongs to the one who waits
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, found, error)
