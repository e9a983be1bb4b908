"""The newest frame of a camera, for a program on asyncio."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from framebus.client.frame_box import FrameBox
from framebus.client.options import SubscriberOptions, check_seconds
from framebus.client.subscriber_base import SubscriberBase
from framebus.client.subscription import Subscription
from framebus.errors import SubscriberClosed, SubscriberError
from framebus.protocol.frame import Frame
from framebus.transport.async_receiver import AsyncReceiver


class AsyncSubscriber(SubscriberBase["AsyncConnection"]):
    """As Subscriber, for `async for`.

    ::

        import asyncio
        from framebus import AsyncSubscriber

        async def main() -> None:
            async with AsyncSubscriber("front", timeout=10) as subscriber:
                async for frame in subscriber:
                    print(frame.seq, f"{frame.age * 1000:.0f} ms old", len(frame.jpeg), "bytes")

        asyncio.run(main())

    Closing: leave the `async with` block, or call `close`. A subscriber that is dropped closes itself.

    Loops and threads: it belongs to the event loop in which it is first used, and raises SubscriberError in another
    one. Several tasks may wait; each frame goes to one of them. `close` may be called from any thread, and ends the
    loops of the tasks that wait.

    Processes: after a fork, the child has to make a subscriber of its own; using the inherited one raises
    SubscriberError. A pickled subscriber makes a new connection in the process that unpickles it.
    """

    @staticmethod
    def _connect(options: SubscriberOptions) -> "AsyncConnection":
        connection = AsyncConnection(options)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return connection  # the first one who receives starts it
        connection.start()
        return connection

    async def receive(self, timeout: float | None = None) -> Frame:  # noqa: ASYNC109  (as in Subscriber)
        """Wait for the next frame, which is the newest there is.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            A frame newer than the last one; its `missed` counts the frames between them.

        Raises:
            TimeoutError: No frame came in time; the text says why, where that is known. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: It belongs to another event loop, or was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        seconds = self.timeout if timeout is None else timeout
        self._connection.start()
        try:
            async with asyncio.timeout(seconds):
                return await self._connection.take()
        except TimeoutError:
            raise self._connection.subscription.timeout(seconds or 0.0) from None

    def __aiter__(self) -> Self:
        return self._check_open()

    async def __anext__(self) -> Frame:
        await asyncio.sleep(0)  # a long queue leaves the loop to others between two frames
        try:
            return await self.receive()
        except SubscriberClosed:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnection:
    """Holds the newest frame. The loop refers to this, and not to the subscriber, which may be dropped."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises what AsyncSubscriber does."""
        self.closing = False
        self.subscription = Subscription(options)
        self._camera = options.camera
        self._queued = options.queue > 0
        self._box = FrameBox(self.subscription.too_old)
        self._arrived = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._receiver: AsyncReceiver | None = None

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""
        return self.subscription.frame_filter.missed + self._box.skipped

    def start(self) -> None:
        """Receive in the running loop, if not yet. Raises SubscriberError and SubscriberClosed."""
        self.subscription.check_process()
        if self.closing:
            raise SubscriberClosed(self._camera)
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._thread = loop, threading.get_ident()
            self._receiver = AsyncReceiver(self.subscription.socket, self._put, self._has_room)
        elif self._loop is not loop:
            raise SubscriberError(f"the subscriber of camera {self._camera} belongs to another event loop")

    async def take(self) -> Frame:
        """The next frame, as soon as there is one. Raises SubscriberClosed."""
        while True:
            if self.closing:
                raise SubscriberClosed(self._camera)
            frame = self._box.take()
            self._arrived.clear()
            if self._queued and self._receiver is not None:
                self._receiver.drain()
            if frame is not None:
                return frame
            await self._arrived.wait()

    def close(self) -> None:
        """Close now, or in the thread of the loop."""
        if self.closing or self.subscription.is_inherited:
            return
        self.closing = True
        if self._loop is None or self._loop.is_closed() or self._thread == threading.get_ident():
            self._end()
            return
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:  # the loop was closed this very moment
            self._end()

    def _end(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        self.subscription.close()
        self._box.clear()
        self._arrived.set()

    def _has_room(self) -> bool:
        """Whether to receive the next frame; with a queue, libzmq holds those that follow."""
        return not (self._queued and self._box.is_full)

    def _put(self, parts: list[bytes]) -> None:
        frame = self.subscription.accept(parts[-1])
        if frame is not None:
            self._box.put(frame)
            self._arrived.set()
