"""Asks a service over one socket, many requests at a time, each with a deadline."""

import asyncio
import itertools

import zmq

from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint
from gateway.net.errors import HttpError

MAX_WAITING = 256
"""Requests under way to one service; more than these are refused at once."""


class ServiceClient:
    """Made inside the running loop; closed by its maker."""

    def __init__(self, service: str, peer: Endpoint | str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """`service` is its name in a sentence, a bare endpoint one without keys. It need not run yet."""
        self._service = service
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._numbers = itertools.count()
        self._socket = sockets.make(context, zmq.DEALER)
        self._socket.setsockopt(zmq.SNDHWM, MAX_WAITING)
        sockets.connect(self._socket, peer)
        self._receiver = AsyncReceiver(self._socket, self._take)

    async def ask(self, request: bytes, deadline_seconds: float) -> bytes:
        """The reply to a request.

        Raises HttpError: 503 when too many wait already, 504 when no reply comes in time.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise HttpError(503, "busy", f"{MAX_WAITING} requests to {self._service} are under way already")
        number = next(self._numbers).to_bytes(8)
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            self._socket.send_multipart([number, b"", request], zmq.NOBLOCK)
            self._receiver.drain()
            async with asyncio.timeout(deadline_seconds):
                return await reply
        except (TimeoutError, zmq.Again):
            seconds = f"{deadline_seconds:g} s"
            raise HttpError(504, "timeout", f"{self._service} did not answer within {seconds}") from None
        finally:
            del self._waiting[number]

    def close(self) -> None:
        """Whoever still waits gets no answer."""
        self._receiver.close()
        self._socket.close()

    def _take(self, parts: list[bytes]) -> None:
        waiting = self._waiting.get(parts[0])
        if waiting is not None and not waiting.done():
            waiting.set_result(parts[-1])
