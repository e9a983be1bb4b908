"""Send requests to a service over one socket, many at a time, each with a deadline."""

import asyncio
import contextlib
import itertools

import zmq

from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint
from gateway.net.errors import HttpError

MAX_WAITING = 256
"""Requests under way to one service; more are refused at once."""
SEND_AGAIN_SECONDS = 0.02
"""How often requests are sent again while the connection is being made, or the service does not run."""


class ServiceClient:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        service: str,
        endpoint: Endpoint | str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        max_waiting: int = MAX_WAITING,
        *,
        commands: bool = False,
    ) -> None:
        """Prepare to connect to a service, which need not run yet. The first message connects.

        libzmq tries again three times a second while a service does not run, such as the recorder where nothing is
        recorded: that would cost an idle gateway half of its CPU time.

        Args:
            service: its name in a sentence.
            endpoint: where it listens; a string is an endpoint without keys.
            context: for the socket.
            max_waiting: requests that may be under way.
            commands: whether they change something. Then none is sent after its deadline: a service that starts an hour
                later would carry it out. In return, one that is sent in the moment at which the service ends is lost.
        """
        self._service = service
        self._max_waiting = max_waiting
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._unsent: dict[bytes, bytes] = {}
        """By number: the requests that wait for the service to run."""
        self._timer: asyncio.TimerHandle | None = None
        self._numbers = itertools.count()
        self._endpoint = endpoint
        self._context = context
        self._commands = commands
        self._link: tuple[zmq.Socket[bytes], AsyncReceiver] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many requests are under way."""
        return len(self._waiting)

    async def request(self, request: bytes, deadline_seconds: float, cancel: bytes | None = None) -> bytes:
        """Send a request and return the reply.

        Args:
            request: what to send.
            deadline_seconds: how long to wait for the reply.
            cancel: what to send when the caller is cancelled, so that the service forgets the request.

        Raises:
            HttpError: 503 when too many requests are under way, 504 when no reply comes in time.
        """
        if len(self._waiting) >= self._max_waiting:
            raise HttpError(503, "busy", f"{self._max_waiting} requests to {self._service} are in progress already")
        if self._closed:
            raise HttpError(503, "stopping", "the gateway stops")
        number = next(self._numbers).to_bytes(8)
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        self._unsent[number] = request
        try:
            if self._timer is None:
                self._send_all()
            async with asyncio.timeout(deadline_seconds):
                return await reply
        except TimeoutError:
            seconds = f"{deadline_seconds:g} s"
            raise HttpError(504, "timeout", f"{self._service} did not answer within {seconds}") from None
        except asyncio.CancelledError:
            if cancel is not None and number not in self._unsent:
                self._send_if_possible(number, cancel)
            raise
        finally:
            del self._waiting[number]
            self._unsent.pop(number, None)

    def send(self, message: bytes) -> None:
        """Send a message whose reply does not matter."""
        self._send_if_possible(next(self._numbers).to_bytes(8), message)

    def close(self) -> None:
        """Close the socket. Requests under way get no reply."""
        if self._timer is not None:
            self._timer.cancel()
        self._closed = True
        if self._link is not None:
            socket, receiver = self._link
            receiver.close()
            socket.close()

    def _connect(self) -> "tuple[zmq.Socket[bytes], AsyncReceiver]":
        socket = sockets.make(self._context, zmq.DEALER)
        socket.setsockopt(zmq.SNDHWM, self._max_waiting)
        socket.setsockopt(zmq.IMMEDIATE, int(self._commands))  # no message waits for a service that does not run
        sockets.connect(socket, self._endpoint)
        return socket, AsyncReceiver(socket, self._receive)

    def _send_all(self) -> None:
        self._timer = None
        try:
            while self._unsent:
                number = next(iter(self._unsent))
                self._send(number, self._unsent[number])
                self._unsent.pop(number, None)
        except zmq.Again:
            self._timer = asyncio.get_running_loop().call_later(SEND_AGAIN_SECONDS, self._send_all)

    def _send(self, number: bytes, message: bytes) -> None:
        socket, receiver = self._link = self._link or self._connect()
        try:
            socket.send_multipart([number, b"", message], zmq.NOBLOCK)
        finally:
            receiver.drain()

    def _send_if_possible(self, number: bytes, message: bytes) -> None:
        if not self._closed:
            with contextlib.suppress(zmq.Again):
                self._send(number, message)

    def _receive(self, parts: list[zmq.Frame]) -> None:
        waiting = self._waiting.get(parts[0].bytes)
        if waiting is not None and not waiting.done():
            waiting.set_result(parts[-1].bytes)
