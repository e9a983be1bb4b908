"""A snapshot service that answers as the test says."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
import zmq
import zmq.asyncio

from framebus.config.load import Config
from framebus.protocol.wire import ErrorHeader, pack
from framebus.runtime.run_dir import snapshot_endpoint
from tests.headers import frame_header


class StillService:
    """Answers every request with the same reply, and notes what it was asked."""

    def __init__(self, config: Config) -> None:
        self.requests: list[Any] = []
        self.envelopes: list[list[bytes]] = []
        self.captured = time.time()
        self._endpoint = snapshot_endpoint(config.run_dir)

    @asynccontextmanager
    async def answering(self, picture: bytes) -> AsyncIterator[Self]:
        """A still."""
        header = frame_header("front", 1, captured=self.captured)
        async with self.saying(pack("snapshot", "front", header, picture)):
            yield self

    @asynccontextmanager
    async def refusing(self, code: str, message: str) -> AsyncIterator[Self]:
        """An error."""
        async with self.saying(pack("error", "front", ErrorHeader(v=1, code=code, message=message))):
            yield self

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[Self]:
        """Nothing."""
        async with self.saying(None):
            yield self

    @asynccontextmanager
    async def saying(self, reply: bytes | None) -> AsyncIterator[Self]:
        """Anything."""
        context = zmq.asyncio.Context()
        router = context.socket(zmq.ROUTER)
        router.linger = 0
        router.bind(self._endpoint)
        serving = asyncio.create_task(self._serve(router, reply))
        yield self
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        context.destroy()

    async def _serve(self, router: zmq.asyncio.Socket, reply: bytes | None) -> None:
        while True:
            *envelope, request = await router.recv_multipart()
            self.requests.append(msgspec.json.decode(request))
            self.envelopes.append(envelope)
            if reply is not None:
                await router.send_multipart([*envelope, reply])
