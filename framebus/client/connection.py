"""A subscription that one thread at a time waits on, and that any thread may close."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Iterator
from typing import Generic

import zmq

from framebus.client.subscription import ItemT, Subscription
from framebus.errors import SubscriberClosed, SubscriberError

MAX_POLL_SECONDS = 3600.0
"""zmq_poll takes at most 2**31 milliseconds; a longer wait is made of several."""


class Connection(Generic[ItemT]):
    """The connection of a subscriber, without a reference to it."""

    def __init__(self, subscription: Subscription[ItemT]) -> None:
        """Own a subscription."""
        self.closing = False
        self._subscription = subscription
        self._camera = subscription.camera
        self._lock = threading.Lock()
        """Held by the thread that uses the socket."""
        self._closing_lock = threading.RLock()  # a signal handler may close what is being closed
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closed = False
        self._poller = zmq.Poller()
        self._register(self._poller)

    def receive(self, seconds: float | None) -> ItemT:
        """The next item. Raises what Subscriber.receive does."""
        self.check()
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        item = self._receive(deadline)
        if item is None:
            raise self._subscription.timeout(seconds or 0.0)
        return item

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Use the socket in this thread. Raises SubscriberError where another thread does, and SubscriberClosed."""
        self.check()
        if not self._lock.acquire(blocking=False):
            raise SubscriberError(f"the subscriber of camera {self._camera} is in use by another thread; make one each")
        try:
            yield
        finally:
            self._lock.release()
            self._close_if_asked()

    def close(self) -> None:
        """Close now, or let the thread that waits do it."""
        if self._subscription.is_inherited:
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
                self._subscription.close()
                os.close(self._wake)
            finally:
                self._lock.release()

    def check(self) -> None:
        """Raises SubscriberError after a fork, and SubscriberClosed."""
        self._subscription.check_process()
        if self.closing:
            raise SubscriberClosed(self._camera)

    def _receive(self, deadline: float) -> ItemT | None:
        with self.held():
            return self._wait(deadline)

    def _register(self, poller: zmq.Poller) -> None:
        socket = self._subscription.socket
        for readable in (socket, socket.monitor_socket, self._wake):
            poller.register(readable, zmq.POLLIN)

    @property
    def _due_in(self) -> float:
        """Seconds until `_take` has to be called even if nothing is readable."""
        due = (self._subscription.socket.reconnects_in, self._subscription.silent_in, MAX_POLL_SECONDS)
        return min(seconds for seconds in due if seconds is not None)

    def _close_if_asked(self) -> None:
        """Another thread may have closed it while this one received."""
        if self.closing:
            self.close()

    def _take(self) -> ItemT | None:
        """What is there now. Raises SubscriberClosed."""
        if self.closing:
            raise SubscriberClosed(self._camera)
        socket = self._subscription.socket
        socket.check()
        if int(socket.get(zmq.EVENTS)) & zmq.POLLIN:
            return self._subscription.accept(socket.recv(copy=False).buffer)
        return self._subscription.on_silence() if self._subscription.silent_in == 0 else None

    def _wait(self, deadline: float) -> ItemT | None:
        """The next item; None when the time is over."""
        while True:
            item = self._take()
            if item is not None:
                return item
            left = deadline - time.monotonic()
            self._poller.poll(math.ceil(max(0.0, min(left, self._due_in)) * 1000))
            if left <= 0:
                return self._take()
