"""What happens in front of cameras, for a program on asyncio."""

from collections import deque

from framebus.client.async_connection import AsyncConnection
from framebus.client.event_subscriber import EventSubscriberBase
from framebus.client.event_subscription import EventSubscription
from framebus.client.loops import AsyncLoop
from framebus.client.options import check_seconds
from framebus.protocol.events import EventHeader


class AsyncEventSubscriber(EventSubscriberBase["AsyncEventConnection"], AsyncLoop[EventHeader]):
    """As EventSubscriber, for `async for`.

    ::

        import asyncio
        from framebus import AsyncEventSubscriber

        async def main() -> None:
            async with AsyncEventSubscriber("front") as subscriber:
                async for event in subscriber:
                    print(event.camera, event.type, event.phase, f"{event.score:.2f}", event.box)

        asyncio.run(main())

    Closing, loops, threads and processes are as of AsyncSubscriber.
    """

    @staticmethod
    def _connect(subscription: EventSubscription) -> "AsyncEventConnection":
        connection = AsyncEventConnection(subscription)
        connection.start_if_running()
        return connection

    async def receive(self, timeout: float | None = None) -> EventHeader:  # noqa: ASYNC109  (as in EventSubscriber)
        """Wait for the next message.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            The message.

        Raises:
            TimeoutError: Nothing has happened in time. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: It belongs to another event loop, or was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return await self._connection.receive(self.timeout if timeout is None else timeout)


class AsyncEventConnection(AsyncConnection[EventHeader]):
    """Holds the next message, while libzmq holds those that follow."""

    def __init__(self, subscription: EventSubscription) -> None:
        """Own a subscription."""
        self._waiting: deque[EventHeader] = deque()
        super().__init__(subscription)

    def _put(self, item: EventHeader) -> None:
        self._waiting.append(item)

    def _take(self) -> EventHeader | None:
        return self._waiting.popleft() if self._waiting else None

    def _has_room(self) -> bool:
        return not self._waiting

    def _clear(self) -> None:
        self._waiting.clear()
