"""The `for` and `with` of every subscriber, and `async for` and `async with` of those on asyncio."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Generic, Self, TypeVar

from framebus.errors import SubscriberClosed

ItemT = TypeVar("ItemT", covariant=True)


class Loop(Generic[ItemT], ABC):
    """Yields what `receive` returns, until the subscriber is closed."""

    @abstractmethod
    def receive(self, timeout: float | None = None) -> ItemT:
        """Wait for the next item. Raises SubscriberClosed at the end of the loop."""

    @abstractmethod
    def close(self) -> None:
        """Close the subscriber."""

    @abstractmethod
    def _check_open(self) -> Self:
        """Raises SubscriberClosed."""

    def __iter__(self) -> Self:
        return self._check_open()

    def __next__(self) -> ItemT:
        try:
            return self.receive()
        except SubscriberClosed:
            raise StopIteration from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncLoop(Generic[ItemT], ABC):
    """As Loop, for asyncio."""

    @abstractmethod
    async def receive(self, timeout: float | None = None) -> ItemT:  # noqa: ASYNC109  (as in Loop)
        """Wait for the next item. Raises SubscriberClosed at the end of the loop."""

    @abstractmethod
    def close(self) -> None:
        """Close the subscriber."""

    @abstractmethod
    def _check_open(self) -> Self:
        """Raises SubscriberClosed."""

    def __aiter__(self) -> Self:
        return self._check_open()

    async def __anext__(self) -> ItemT:
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
