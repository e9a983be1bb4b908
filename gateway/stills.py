"""Asks the snapshot service for stills, many at a time on one socket, each with a deadline."""

import asyncio
import itertools

import msgspec
import zmq

from framebus import sockets
from framebus.frame import Frame
from framebus.receiver import Receiver
from framebus.stills import SnapshotError, parse_reply
from framebus.wire import WireError
from gateway.errors import Refusal

MAX_WAITING = 256
"""Requests under way; more than these are refused at once."""


class Stills:
    """Made inside the running loop; closed by its maker."""

    def __init__(self, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]", deadline_seconds: float) -> None:
        """The service need not run yet."""
        self._deadline_seconds = deadline_seconds
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._numbers = itertools.count()
        self._socket = sockets.make(context, zmq.DEALER)
        self._socket.setsockopt(zmq.SNDHWM, MAX_WAITING)
        self._socket.connect(endpoint)
        self._receiver = Receiver(self._socket, self._take)

    async def get(self, camera: str) -> Frame:
        """The newest still of a camera.

        Raises Refusal: 503 when the service has none, with its reason, 504 when it does not answer in time.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise Refusal(503, "busy", f"{MAX_WAITING} requests for stills are under way already")
        number = next(self._numbers).to_bytes(8)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._socket.send_multipart([number, b"", msgspec.json.encode({"camera": camera})], zmq.NOBLOCK)
            self._receiver.drain()
            async with asyncio.timeout(self._deadline_seconds):
                return parse_reply(await reply)
        except (TimeoutError, zmq.Again):
            seconds = f"{self._deadline_seconds:g} s"
            raise Refusal(504, "timeout", f"the snapshot service did not answer within {seconds}") from None
        except SnapshotError as error:
            raise Refusal(503, error.code, str(error)) from None
        except WireError as error:
            raise Refusal(503, "bad-reply", f"the snapshot service answered nonsense: {error}") from None
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
