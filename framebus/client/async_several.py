"""Frames of several cameras in one loop of asyncio: as they come, or those that were taken at the same moment."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Self

from framebus.client.async_subscriber import AsyncFrameConnection, AsyncSubscriber
from framebus.client.options import check_seconds
from framebus.client.several import (
    DEFAULT_WITHIN_SECONDS,
    Matcher,
    check_subscribers,
    check_together,
    no_frame,
    no_moment,
    on_one_clock,
)
from framebus.errors import SubscriberClosed
from framebus.protocol.frame import Frame


def newest_async(
    *subscribers: AsyncSubscriber,
    timeout: float | None = None,
) -> AsyncIterator[Frame]:
    """Yield the frames of several cameras as they come: `newest` for asyncio.

    ::

        import asyncio
        from framebus import AsyncSubscriber, newest_async

        async def main() -> None:
            async with AsyncSubscriber("front") as front, AsyncSubscriber("back") as back:
                async for frame in newest_async(front, back, timeout=10):
                    print(frame.camera, frame.seq, len(frame.jpeg), "bytes")

        asyncio.run(main())

    Args:
        subscribers: The subscribers; their own `timeout` does not count.
        timeout: Seconds to wait for a frame of any of them; None waits for ever.

    Returns:
        An iterator of frames, for `async for`.

    Raises:
        TimeoutError: No frame of any came in time. It is a ReplyTimeoutError.
        SubscriberError: A subscriber belongs to another event loop, or was made before a fork.
        ArgumentError: There is no subscriber, one is named twice, or the timeout is not a number.
    """
    check_subscribers(subscribers, AsyncSubscriber)
    check_seconds("timeout", timeout)
    return AsyncNewest([subscriber._connection for subscriber in subscribers], timeout)


def together_async(
    *subscribers: AsyncSubscriber,
    within: float = DEFAULT_WITHIN_SECONDS,
    timeout: float | None = None,
) -> AsyncIterator[tuple[Frame, ...]]:
    """Yield frames that several cameras took at the same moment, one of each: `together` for asyncio.

    ::

        import asyncio
        from framebus import AsyncSubscriber, together_async

        async def main() -> None:
            async with AsyncSubscriber("left", queue=8) as left, AsyncSubscriber("right", queue=8) as right:
                async for pair in together_async(left, right, within=0.02, timeout=10):
                    print([frame.seq for frame in pair])

        asyncio.run(main())

    Args:
        subscribers: The subscribers, two or more; their own `timeout` does not count.
        within: Seconds from the first to the last frame of a moment, at most.
        timeout: Seconds to wait for such frames; None waits for ever.

    Returns:
        An iterator of tuples, with the frames in the order of the subscribers, for `async for`.

    Raises:
        TimeoutError: No such frames came in time. It is a ReplyTimeoutError.
        SubscriberError: A subscriber belongs to another event loop, or was made before a fork.
        ArgumentError: There are fewer than two subscribers, one is named twice, or a time is not a number.
    """
    check_subscribers(subscribers, AsyncSubscriber)
    check_together(len(subscribers), within, timeout)
    return AsyncTogether([subscriber._connection for subscriber in subscribers], within, timeout)


class AsyncNewest(AsyncIterator[Frame]):
    """Not a generator, which would end for good when one who waits for the next frame is cancelled."""

    def __init__(self, connections: list[AsyncFrameConnection], timeout: float | None) -> None:
        """The arguments are those of `newest`."""
        self._turns = deque(connections)
        self._timeout = timeout

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        await asyncio.sleep(0)  # long queues leave the loop to others between two frames
        names = _names(self._turns)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._next()
        except TimeoutError:
            raise no_frame(names, self._timeout) from None

    async def _next(self) -> Frame:
        while self._turns:
            try:
                return await _next(self._turns)
            except SubscriberClosed:
                for connection in [connection for connection in self._turns if connection.closing]:
                    self._turns.remove(connection)
        raise StopAsyncIteration


class AsyncTogether(AsyncIterator[tuple[Frame, ...]]):
    """As AsyncNewest."""

    def __init__(self, connections: list[AsyncFrameConnection], within: float, timeout: float | None) -> None:
        """The arguments are those of `together`."""
        self._connections = connections
        self._turns = deque(connections)
        self._within = within
        self._timeout = timeout
        monotonic = on_one_clock(connection.subscription.endpoint for connection in connections)
        self._matcher = Matcher(len(connections), within, monotonic=monotonic)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[Frame, ...]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._next()
        except TimeoutError:
            raise no_moment(_names(self._connections), self._within, self._timeout) from None
        except SubscriberClosed:
            raise StopAsyncIteration from None

    async def _next(self) -> tuple[Frame, ...]:
        while True:
            await asyncio.sleep(0)
            frame = await _next(self._turns)
            # The last of the turns is the one that gave it: two cameras of two machines may have the same name.
            moment = self._matcher.add(self._connections.index(self._turns[-1]), frame)
            if moment is not None:
                return moment


def _names(connections: Iterable[AsyncFrameConnection]) -> list[str]:
    return [connection.subscription.camera for connection in connections]


async def _next(turns: deque[AsyncFrameConnection]) -> Frame:
    """The next frame of any; the one that gave it comes last in the next turn.

    Raises SubscriberError and, where one of them is closed, SubscriberClosed.
    """
    arrived = asyncio.Event()
    with contextlib.ExitStack() as stack:
        for connection in turns:
            connection.start()
            stack.enter_context(connection.setting(arrived))
        while True:
            arrived.clear()
            for connection in list(turns):
                frame = connection.take()
                if frame is not None:
                    turns.remove(connection)
                    turns.append(connection)
                    return frame
            await arrived.wait()
