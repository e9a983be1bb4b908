"""The newest frame of a camera, for a program on asyncio."""

import asyncio
import os
from types import TracebackType
from typing import Literal, Self

import zmq

from framebus.client.frame_filter import FrameFilter
from framebus.client.subscriber import endpoint_of
from framebus.protocol.frame import Frame
from framebus.protocol.wire import topic
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver


class AsyncSubscriber:
    """As Subscriber, for `async for`; to be made inside a running loop. One task may wait on it.

        async for frame in AsyncSubscriber("front"):
            await look_at(frame.jpeg)

    Close it with `close` or by leaving an `async with` block.
    """

    def __init__(
        self,
        camera: str,
        *,
        kind: Literal["live", "peek"] = "live",
        timeout: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """Takes and raises what Subscriber does."""
        where = endpoint_of(camera, endpoint, server_key, config)
        self.camera = camera
        self.timeout = timeout
        self._frame_filter = FrameFilter(same_host=where.same_host)
        self._newest: Frame | None = None
        self._skipped = 0
        self._arrived = asyncio.Event()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        try:
            self._socket = sockets.subscriber(self._context, where, topic(kind, camera))
        except zmq.ZMQError:
            self._context.destroy()
            raise
        self._receiver = AsyncReceiver(self._socket, self._take)

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._frame_filter.missed + self._skipped

    async def receive(self, timeout: float | None = None) -> Frame:  # noqa: ASYNC109  (as in Subscriber)
        """The next frame, which is the newest there is.

        `timeout` in seconds, instead of the subscriber's own. Raises TimeoutError when no frame came, and
        RuntimeError when the subscriber is closed.
        """
        seconds = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"no frame of camera {self.camera} within {seconds:g} s") from None
        frame = self._newest
        if frame is None:
            raise RuntimeError(f"the subscriber of camera {self.camera} was closed")
        self._newest = None
        self._arrived.clear()
        return frame

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        return await self.receive()

    def close(self) -> None:
        """Let go of the socket. May be called twice."""
        if not self._context.closed:
            self._receiver.close()
            self._context.destroy()
            self._newest = None
            self._arrived.set()  # whoever waits shall not do so for ever

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, parts: list[bytes]) -> None:
        frame = self._frame_filter.accept(parts[-1])
        if frame is None:
            return
        missed = frame.missed
        if self._newest is not None:  # replaced before anybody took it
            self._skipped += 1
            missed += self._newest.missed + 1
        self._newest = Frame(frame.header, frame.jpeg, missed, frame.same_host)
        self._arrived.set()
