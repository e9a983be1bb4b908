"""A subscription that one thread at a time waits on, and that any thread may close."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Iterator

import zmq

from framebus.client.frame_pump import FramePump
from framebus.client.options import SubscriberOptions
from framebus.client.subscription import Subscription
from framebus.errors import SubscriberClosed, SubscriberError
from framebus.protocol.frame import Frame
from framebus.transport.process_context import exhaustion

MAX_POLL_SECONDS = 3600.0
"""zmq_poll takes at most 2**31 milliseconds; a longer wait is made of several."""


class Connection:
    """The connection of a Subscriber, without a reference to it."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises what Subscriber does."""
        self.closing = False
        self.subscription = Subscription(options)
        self._camera = options.camera
        self._lock = threading.Lock()
        """Held by the thread that uses the socket."""
        self._closing_lock = threading.RLock()  # a signal handler may close what is being closed
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closed = False
        self._pump: FramePump | None = None
        self._poller = zmq.Poller()
        self.register(self._poller)

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""
        return self.subscription.frame_filter.missed + (self._pump.skipped if self._pump is not None else 0)

    @property
    def reconnects_in(self) -> float | None:
        """Seconds until `take` has to be called even if nothing is readable; None for never."""
        return None if self._pump is not None else self.subscription.socket.reconnects_in

    def register(self, poller: zmq.Poller) -> None:
        """Have a poller return when there may be something to `take`. Only for who holds the connection."""
        if self._pump is not None:
            poller.register(self._pump.fileno(), zmq.POLLIN)
            return
        for readable in (self.subscription.socket, self.subscription.socket.monitor_socket, self._wake):
            poller.register(readable, zmq.POLLIN)

    def fileno(self) -> int:
        """A descriptor that is readable while a frame waits. Raises SubscriberError and ResourceError."""
        self._check()
        if self._pump is None:
            with self.held(), exhaustion():
                options = self.subscription.options
                too_old = self.subscription.too_old
                self._pump = FramePump(self._camera, self._pumped, too_old, keep_all=options.queue > 0)
        return self._pump.fileno()

    def receive(self, seconds: float | None) -> Frame:
        """The next frame. Raises what Subscriber.receive does."""
        self._check()
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        if self._pump is not None:
            frame = self._take_pumped(self._pump, deadline)
        else:
            with self.held():
                frame = self._wait(deadline)
        if frame is None:
            raise self.subscription.timeout(seconds or 0.0)
        return frame

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Use the socket in this thread. Raises SubscriberError where another thread does, and SubscriberClosed."""
        self._check()
        if self._pump is not None:  # whose thread has the socket
            yield
            return
        if not self._lock.acquire(blocking=False):
            raise SubscriberError(f"the subscriber of camera {self._camera} is in use by another thread; make one each")
        try:
            yield
        finally:
            self._lock.release()
            self._close_if_asked()

    def take(self) -> Frame | None:
        """The frame that is there; None where there is none. Only for who holds the connection.

        Raises SubscriberClosed where another thread asked for that.
        """
        if self._pump is not None and not self.closing:
            return self._pump.take(0.0)
        return self._take()

    def close(self) -> None:
        """Close now, or let the thread that waits do it."""
        if self.subscription.is_inherited:
            return
        with self._closing_lock:
            self.closing = True
            if self._closed:
                return
            if self._pump is not None:
                self._pump.close()
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

    def _check(self) -> None:
        self.subscription.check_process()
        if self.closing:
            raise SubscriberClosed(self._camera)

    def _close_if_asked(self) -> None:
        """Another thread may have closed it while this one received."""
        if self.closing:
            self.close()

    def _take(self) -> Frame | None:
        if self.closing:
            raise SubscriberClosed(self._camera)
        socket = self.subscription.socket
        socket.check()
        return self.subscription.accept(socket.recv()) if int(socket.get(zmq.EVENTS)) & zmq.POLLIN else None

    def _wait(self, deadline: float) -> Frame | None:
        """The next frame; None when the time is over."""
        while True:
            frame = self._take()
            if frame is not None:
                return frame
            left = deadline - time.monotonic()
            pause = self.subscription.socket.reconnects_in
            self._poller.poll(math.ceil(max(0.0, min(left, MAX_POLL_SECONDS if pause is None else pause)) * 1000))
            if left <= 0:
                return self._take()

    def _pumped(self) -> Frame:
        """The next frame, in the thread of the pump. Raises SubscriberClosed."""
        try:
            with self._lock:
                while True:
                    frame = self._wait(math.inf)
                    if frame is not None:
                        return frame
        finally:
            self._close_if_asked()

    def _take_pumped(self, pump: FramePump, deadline: float) -> Frame | None:
        while True:
            left = deadline - time.monotonic()
            frame = pump.take(max(0.0, min(left, MAX_POLL_SECONDS)))
            if self.closing:
                raise SubscriberClosed(self._camera)
            if frame is not None or left <= 0:
                return frame
