"""The newest frame of a camera, for a program on asyncio."""

import asyncio
import os
import threading
import weakref
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from framebus.client.options import SubscriberKind, SubscriberOptions, absolute, check_seconds
from framebus.client.subscription import Subscription
from framebus.errors import SubscriberClosed, SubscriberError
from framebus.protocol.frame import Frame
from framebus.transport.async_receiver import AsyncReceiver


class AsyncSubscriber:
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

    def __init__(
        self,
        camera: str,
        *,
        kind: SubscriberKind = "live",
        timeout: float | None = None,
        max_age: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """Connect to a camera; this does not wait for it. It may be called outside a loop.

        Args:
            camera: The camera's name in the configuration.
            kind: "live" makes the camera run at its full rate; "peek" takes frames at the idle rate and leaves the
                camera idle.
            timeout: Seconds to wait for each frame; None waits for ever.
            max_age: Frames older than so many seconds are skipped, and counted as missed; None takes any age.
            endpoint: A camera outside the configuration, such as "tcp://10.0.0.7:5555".
            server_key: The public key of that machine, where it has one.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: A name, kind, time or key is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
            EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
            ResourceError: The process has too few file descriptors left.
        """
        options = SubscriberOptions(camera, kind, timeout, max_age, endpoint, server_key, absolute(config))
        self.camera = camera
        self.timeout = timeout
        self._inbox = _Inbox(options)
        self._finalizer = weakref.finalize(self, self._inbox.close)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # the first one who receives starts it
        self._inbox.start()

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._inbox.missed

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
        self._inbox.start()
        try:
            async with asyncio.timeout(seconds):
                return await self._inbox.take()
        except TimeoutError:
            raise self._inbox.subscription.timeout(seconds or 0.0) from None

    def __aiter__(self) -> Self:
        if self._inbox.closed:
            raise SubscriberClosed(self.camera)
        return self

    async def __anext__(self) -> Frame:
        try:
            return await self.receive()
        except SubscriberClosed:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Close the connection, from any thread. May be called more than once."""
        self._finalizer.detach()
        self._inbox.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._inbox.closed:
            raise SubscriberClosed(self.camera)
        return _connect_again, (type(self), self._inbox.subscription.options)


class _Inbox:
    """Holds the newest frame. The loop refers to this, and not to the subscriber, which may be dropped."""

    def __init__(self, options: SubscriberOptions) -> None:
        self.closed = False
        self.subscription = Subscription(options)
        self._camera = options.camera
        self._newest: Frame | None = None
        self._skipped = 0
        self._passed_over = 0
        """Frames skipped since the last one handed over, to be told with the next one."""
        self._arrived = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._receiver: AsyncReceiver | None = None

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""
        return self.subscription.frame_filter.missed + self._skipped

    def start(self) -> None:
        """Receive in the running loop, if not yet. Raises SubscriberError and SubscriberClosed."""
        self.subscription.check_process()
        if self.closed:
            raise SubscriberClosed(self._camera)
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._thread = loop, threading.get_ident()
            self._receiver = AsyncReceiver(self.subscription.socket, self._put)
        elif self._loop is not loop:
            raise SubscriberError(f"the subscriber of camera {self._camera} belongs to another event loop")

    async def take(self) -> Frame:
        """The newest frame, as soon as there is one. Raises SubscriberClosed."""
        while True:
            if self.closed:
                raise SubscriberClosed(self._camera)
            frame, self._newest = self._newest, None
            self._arrived.clear()
            if frame is not None and not self.subscription.too_old(frame):
                return frame
            if frame is not None:
                self._pass_over(frame)
            await self._arrived.wait()

    def close(self) -> None:
        """Close now, or in the thread of the loop."""
        if self.closed or self.subscription.is_inherited:
            return
        self.closed = True
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
        self._newest = None
        self._arrived.set()

    def _put(self, parts: list[bytes]) -> None:
        frame = self.subscription.accept(parts[-1])
        if frame is None:
            return
        if self._newest is not None:  # replaced before it was taken
            self._pass_over(self._newest)
        self._newest, self._passed_over = replace(frame, missed=frame.missed + self._passed_over), 0
        self._arrived.set()

    def _pass_over(self, frame: Frame) -> None:
        self._skipped += 1
        self._passed_over += frame.missed + 1


def _connect_again(kind: type[AsyncSubscriber], options: SubscriberOptions) -> AsyncSubscriber:
    return kind(
        options.camera,
        kind=options.kind,
        timeout=options.timeout,
        max_age=options.max_age,
        endpoint=options.endpoint,
        server_key=options.server_key,
        config=options.config,
    )
