"""Takes connections from a listening socket, and waits a while when the machine has no room for more of them.

Tornado's own loop would try again at once and for ever, with a traceback each time: nobody else would be served.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from framebus.runtime.rate_limited_log import RateLimitedLog

MAX_AT_ONCE = 64
"""Connections taken in one turn of the loop, so that viewers get theirs in between."""
PAUSE_SECONDS = 0.5
"""After a connection that could not be taken, for want of descriptors or memory."""


class Acceptor:
    """Hands each connection on. Closed by its maker, and closes the listening socket then."""

    def __init__(
        self, listener: socket.socket, take: Callable[[socket.socket, Any], None], losses: RateLimitedLog
    ) -> None:
        """The listener does not block; `take` owns the connection that it gets, with the address of its other end."""
        self._listener = listener
        self._take = take
        self._losses = losses
        self._loop = asyncio.get_running_loop()
        self._end_of_pause: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Take no more."""
        if self._end_of_pause is not None:
            self._end_of_pause.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _listen(self) -> None:
        self._end_of_pause = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(MAX_AT_ONCE):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._losses.count("connections not taken", str(error.strerror))
                self._loop.remove_reader(self._listener)
                self._end_of_pause = self._loop.call_later(PAUSE_SECONDS, self._listen)
                return
            self._take(connection, address)
