"""The newest frame of a camera, for a program without asyncio. See async_subscriber for one with it."""

import math
import os
import threading
import time
import weakref
from types import TracebackType
from typing import Any, Self

import zmq

from framebus.client.options import SubscriberKind, SubscriberOptions, absolute, check_seconds
from framebus.client.subscription import Subscription
from framebus.errors import SubscriberClosed, SubscriberError
from framebus.protocol.frame import Frame

MAX_POLL_SECONDS = 3600.0
"""zmq_poll takes at most 2**31 milliseconds; a longer wait is made of several."""


class Subscriber:
    """Yields the newest frame of a camera, however slow the loop around it; what it misses is counted.

    It may be made before the camera's process runs, and continues after that was restarted. Iterating waits
    `timeout` seconds for each frame, raises TimeoutError when none came in time, and ends when the subscriber is
    closed::

        from framebus import Subscriber

        with Subscriber("front", timeout=10) as subscriber:
            for frame in subscriber:
                print(frame.seq, f"{frame.age * 1000:.0f} ms old", len(frame.jpeg), "bytes")

    Closing: leave the `with` block, or call `close`. A subscriber that is dropped closes itself.

    Threads: one thread at a time may receive; another one that tries gets SubscriberError. `close` may be called from
    any thread, and ends the loop of the thread that receives.

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
        """Connect to a camera; this does not wait for it.

        Args:
            camera: The camera's name in the configuration.
            kind: "live" makes the camera run at its full rate; "peek" takes frames at the idle rate and leaves the
                camera idle.
            timeout: Seconds to wait for each frame; None waits for ever.
            max_age: Frames older than so many seconds are skipped, and counted as missed; None takes any age.
            endpoint: A camera outside the configuration, such as "tcp://10.0.0.7:5555".
            server_key: The public key of that machine, where it has one. This machine's own key is read from the
                secrets file of the configuration.
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
        self._connection = _Connection(options)
        self._finalizer = weakref.finalize(self, self._connection.close)

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._connection.subscription.frame_filter.missed

    def receive(self, timeout: float | None = None) -> Frame:
        """Wait for the next frame, which is the newest there is.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            A frame newer than the last one; its `missed` counts the frames between them.

        Raises:
            TimeoutError: No frame came in time; the text says why, where that is known. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: Another thread receives, or the subscriber was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return self._connection.receive(self.timeout if timeout is None else timeout)

    def __iter__(self) -> Self:
        if self._connection.closing:
            raise SubscriberClosed(self.camera)
        return self

    def __next__(self) -> Frame:
        try:
            return self.receive()
        except SubscriberClosed:
            raise StopIteration from None

    def close(self) -> None:
        """Close the connection, from any thread. May be called more than once."""
        self._finalizer.detach()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._connection.closing:
            raise SubscriberClosed(self.camera)
        return _connect_again, (type(self), self._connection.subscription.options)


class _Connection:
    """A subscription that one thread at a time waits on, and that any thread may close."""

    def __init__(self, options: SubscriberOptions) -> None:
        self.closing = False
        self.subscription = Subscription(options)
        self._camera = options.camera
        self._lock = threading.Lock()
        """Held by the thread that uses the socket."""
        self._closing_lock = threading.RLock()  # a signal handler may close what is being closed
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closed = False
        self._poller = zmq.Poller()
        for readable in (self.subscription.socket, self.subscription.socket.monitor_socket, self._wake):
            self._poller.register(readable, zmq.POLLIN)

    def receive(self, seconds: float | None) -> Frame:
        """The next frame. Raises what Subscriber.receive does."""
        self.subscription.check_process()
        if self.closing:
            raise SubscriberClosed(self._camera)
        if not self._lock.acquire(blocking=False):
            raise SubscriberError(f"the subscriber of camera {self._camera} is in use by another thread; make one each")
        try:
            frame = self._wait(seconds)
        finally:
            self._lock.release()
            self._close_if_asked()
        if frame is None:
            raise self.subscription.timeout(seconds or 0.0)
        return frame

    def close(self) -> None:
        """Close now, or let the thread that waits do it."""
        if self.subscription.is_inherited:
            return
        with self._closing_lock:
            self.closing = True
            if self._closed:
                return
            os.eventfd_write(self._wake, 1)
            if not self._lock.acquire(blocking=False):
                return
            self._closed = True
            try:
                self._poller = zmq.Poller()
                self.subscription.close()
                os.close(self._wake)
            finally:
                self._lock.release()

    def _close_if_asked(self) -> None:
        """Another thread may have closed it while this one received."""
        if self.closing:
            self.close()

    def _wait(self, seconds: float | None) -> Frame | None:
        """The next frame; None when the time is over."""
        socket = self.subscription.socket
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while True:
            if self.closing:
                raise SubscriberClosed(self._camera)
            pause = socket.reconnects_in
            left = min(deadline - time.monotonic(), MAX_POLL_SECONDS if pause is None else pause)
            ready: dict[Any, int] = dict(self._poller.poll(math.ceil(max(0.0, left) * 1000)))
            socket.check()
            if socket in ready:
                frame = self.subscription.accept(socket.recv())
                if frame is not None:
                    return frame
            if time.monotonic() >= deadline:
                return None


def _connect_again(kind: type[Subscriber], options: SubscriberOptions) -> Subscriber:
    return kind(
        options.camera,
        kind=options.kind,
        timeout=options.timeout,
        max_age=options.max_age,
        endpoint=options.endpoint,
        server_key=options.server_key,
        config=options.config,
    )
