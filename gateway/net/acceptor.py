"""Accepts connections, and pauses when descriptors or memory run out.

Tornado's own loop would retry at once and forever, with a traceback each time, and serve no other client.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from framebus.runtime.rate_limited_log import RateLimitedLog

MAX_AT_ONCE = 512
"""Connections accepted in one turn of the event loop: each takes about 20 µs, and viewers are served in between."""
PAUSE_SECONDS = 0.5
"""The pause after a connection that could not be accepted because descriptors or memory ran out."""


class Acceptor:
    """Passes each connection on. Its owner closes it, which closes the listening socket."""

    def __init__(
        self, listener: socket.socket, take: Callable[[socket.socket, Any], None], losses: RateLimitedLog
    ) -> None:
        """Start to accept.

        Args:
            listener: a socket that does not block.
            take: gets each connection, which it owns from then on, and the address of its client.
            losses: counts the connections that could not be accepted.
        """
        self._listener = listener
        self._take = take
        self._losses = losses
        self._loop = asyncio.get_running_loop()
        self._end_of_pause: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Stop accepting."""
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
