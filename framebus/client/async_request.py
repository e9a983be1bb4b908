"""One request to a service, and its reply, in an asyncio loop."""

import asyncio

import zmq

from framebus.client.request import connected, taking_back
from framebus.client.silence import reason
from framebus.errors import ReplyTimeoutError
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.endpoints import Endpoint


async def ask_async(
    endpoint: Endpoint, request: bytes, seconds: float, timeout_text: str, cancel: bytes | None = None
) -> bytes:
    """As framebus.client.request.ask, and it may be cancelled."""
    reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def take(parts: list[zmq.Frame]) -> None:
        if not reply.done():
            reply.set_result(parts[-1].bytes)

    with connected(endpoint) as socket, taking_back(socket, cancel):
        receiver = AsyncReceiver(socket, take)
        try:
            socket.send(request)
            receiver.drain()
            async with asyncio.timeout(seconds):
                return await reply
        except TimeoutError:
            raise ReplyTimeoutError(timeout_text + reason(endpoint)) from None
        finally:
            receiver.close()
