"""The newest frame of a camera, for a program on asyncio."""

import asyncio

from framebus.client.async_connection import AsyncConnection
from framebus.client.frame_box import FrameBox
from framebus.client.frame_subscription import FrameSubscription
from framebus.client.loops import AsyncLoop
from framebus.client.options import SubscriberOptions, check_seconds
from framebus.client.subscriber_base import SubscriberBase
from framebus.protocol.frame import Frame


class AsyncSubscriber(SubscriberBase["AsyncFrameConnection"], AsyncLoop[Frame]):
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
    def _connect(options: SubscriberOptions) -> "AsyncFrameConnection":
        connection = AsyncFrameConnection(options)
        connection.start_if_running()
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
        return await self._connection.receive(self.timeout if timeout is None else timeout)

    async def __anext__(self) -> Frame:
        await asyncio.sleep(0)  # a long queue leaves the loop to others between two frames
        return await super().__anext__()


class AsyncFrameConnection(AsyncConnection[Frame]):
    """Holds the newest frame, or with a queue the next one, while libzmq holds those that follow."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises what AsyncSubscriber does."""
        self.subscription = FrameSubscription(options)
        self._queued = options.queue > 0
        self._box = FrameBox(self.subscription.too_old)
        super().__init__(self.subscription)

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""
        return self.subscription.frame_filter.missed + self._box.skipped

    def _put(self, item: Frame) -> None:
        self._box.put(item)

    def _take(self) -> Frame | None:
        return self._box.take()

    def _has_room(self) -> bool:
        return not (self._queued and self._box.is_full)

    def _clear(self) -> None:
        self._box.clear()
