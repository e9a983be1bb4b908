"""Each change of a camera's state, for a program on asyncio."""

from framebus.client.async_connection import AsyncConnection
from framebus.client.loops import AsyncLoop
from framebus.client.options import check_seconds
from framebus.client.status_subscriber import StatusSubscriberBase
from framebus.client.status_subscription import StatusSubscription
from framebus.protocol.wire import StatusHeader


class AsyncStatusSubscriber(StatusSubscriberBase["AsyncStatusConnection"], AsyncLoop[StatusHeader]):
    """As StatusSubscriber, for `async for`.

    ::

        import asyncio
        from framebus import AsyncStatusSubscriber

        async def main() -> None:
            async with AsyncStatusSubscriber("front") as subscriber:
                async for status in subscriber:
                    print(status.camera, status.state, status.reason)

        asyncio.run(main())

    Closing, loops, threads and processes are as of AsyncSubscriber.
    """

    @staticmethod
    def _connect(subscription: StatusSubscription) -> "AsyncStatusConnection":
        connection = AsyncStatusConnection(subscription)
        connection.start_if_running()
        return connection

    async def receive(self, timeout: float | None = None) -> StatusHeader:  # noqa: ASYNC109  (as in StatusSubscriber)
        """Wait for the next change.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            The status after the change.

        Raises:
            TimeoutError: Nothing has changed in time. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: It belongs to another event loop, or was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return await self._connection.receive(self.timeout if timeout is None else timeout)


class AsyncStatusConnection(AsyncConnection[StatusHeader]):
    """Holds the newest change."""

    def __init__(self, subscription: StatusSubscription) -> None:
        """Own a subscription."""
        self._newest: StatusHeader | None = None
        super().__init__(subscription)

    def _put(self, item: StatusHeader) -> None:
        self._newest = item

    def _take(self) -> StatusHeader | None:
        newest, self._newest = self._newest, None
        return newest

    def _clear(self) -> None:
        self._newest = None
