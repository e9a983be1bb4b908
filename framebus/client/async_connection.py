"""A subscription in an asyncio loop, that any thread may close."""

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic

import zmq

from framebus.client.subscription import ItemT, Subscription
from framebus.errors import SubscriberClosed, SubscriberError
from framebus.transport.async_receiver import AsyncReceiver


class AsyncConnection(ABC, Generic[ItemT]):
    """Receives in the loop. The loop refers to this, and not to the subscriber, which may be dropped."""

    def __init__(self, subscription: Subscription[ItemT]) -> None:
        """Own a subscription; `start` receives."""
        self.closing = False
        self._subscription = subscription
        self._camera = subscription.camera
        self._arrived = asyncio.Event()
        self._others: list[asyncio.Event] = []
        """Of readers of several at once."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._receiver: AsyncReceiver | None = None
        self._silence: asyncio.TimerHandle | None = None

    @abstractmethod
    def _put(self, item: ItemT) -> None:
        """Hold what has arrived."""

    @abstractmethod
    def _take(self) -> ItemT | None:
        """What is held, which is held no longer."""

    @abstractmethod
    def _clear(self) -> None:
        """Hold nothing."""

    def _has_room(self) -> bool:
        """Whether to receive more."""
        return True

    def start_if_running(self) -> None:
        """Receive in the running loop, where there is one; else the first one who receives starts it."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self.start()

    def start(self) -> None:
        """Receive in the running loop, if not yet. Raises SubscriberError and SubscriberClosed."""
        self._subscription.check_process()
        if self.closing:
            raise SubscriberClosed(self._camera)
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._thread = loop, threading.get_ident()
            self._receiver = AsyncReceiver(self._subscription.socket, self._on_message, self._has_room)
            self._await_silence(loop)
        elif self._loop is not loop:
            raise SubscriberError(f"the subscriber of camera {self._camera} belongs to another event loop")

    async def receive(self, seconds: float | None) -> ItemT:
        """The next item, as soon as there is one. Raises what AsyncSubscriber.receive does."""
        self.start()
        try:
            async with asyncio.timeout(seconds):
                return await self._next()
        except TimeoutError:
            error = await asyncio.to_thread(self._subscription.timeout, seconds or 0.0)  # it may ask the camera
            raise error from None

    # For a reader of several at once

    def take(self) -> ItemT | None:
        """What has arrived; None where nothing has. To be called after `start`. Raises SubscriberClosed."""
        if self.closing:
            raise SubscriberClosed(self._camera)
        item = self._take()
        self._arrived.clear()
        if self._receiver is not None:
            self._receiver.make_room()
        if self._silence is None and self._loop is not None:
            self._await_silence(self._loop)
        return item

    @contextlib.contextmanager
    def setting(self, event: asyncio.Event) -> Iterator[None]:
        """Set an event, too, whenever something arrives, and at the end."""
        self._others.append(event)
        try:
            yield
        finally:
            self._others.remove(event)

    def close(self) -> None:
        """Close now, or in the thread of the loop."""
        if self.closing or self._subscription.is_inherited:
            return
        self.closing = True
        if self._loop is None or self._loop.is_closed() or self._thread == threading.get_ident():
            self._end()
            return
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:  # the loop was closed this very moment
            self._end()

    async def _next(self) -> ItemT:
        while True:
            item = self.take()
            if item is not None:
                return item
            await self._arrived.wait()

    def _end(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        if self._silence is not None:
            self._silence.cancel()
        self._subscription.close()
        self._clear()
        self._wake()

    def _on_message(self, parts: list[zmq.Frame]) -> None:
        if self._receiver is not None:
            self._receiver.check_connection()  # an old frame of a lost connection is not handed over
        self._hold(self._subscription.accept(parts[-1].buffer))
        if self._silence is None and self._loop is not None:  # the silence before this message was told
            self._await_silence(self._loop)

    def _hold(self, item: ItemT | None) -> None:
        if item is not None:
            self._put(item)
            self._wake()

    def _wake(self) -> None:
        for event in (self._arrived, *self._others):
            event.set()

    def _await_silence(self, loop: asyncio.AbstractEventLoop) -> None:
        """Be called at the end of the silence. Without room, more may wait to be read: `take` calls this again then."""
        seconds = self._subscription.silent_in
        if seconds is not None and self._has_room() and not self.closing:
            self._silence = loop.call_later(seconds, self._on_silence, loop)

    def _on_silence(self, loop: asyncio.AbstractEventLoop) -> None:
        self._silence = None
        if self._receiver is not None:
            self._receiver.drain()  # what came while the loop was busy counts first
        if self._has_room() and self._subscription.silent_in == 0 and not self.closing:
            self._hold(self._subscription.on_silence())
        if self._silence is None:
            self._await_silence(loop)
