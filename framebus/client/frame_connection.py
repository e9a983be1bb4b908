"""The connection of a Subscriber: frames for the thread that waits for them, or behind a descriptor for a poller."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import zmq

from framebus.client.connection import MAX_POLL_SECONDS, Connection
from framebus.client.frame_pump import FramePump
from framebus.client.frame_subscription import FrameSubscription
from framebus.client.options import SubscriberOptions
from framebus.errors import SubscriberClosed
from framebus.protocol.frame import Frame
from framebus.transport.process_context import exhaustion


class FrameConnection(Connection[Frame]):
    """Receives in the thread that asks, until the first call of `fileno`; from then on, in a thread of its own."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises what Subscriber does."""
        self.subscription = FrameSubscription(options)
        self.options = options
        self._pump: FramePump | None = None
        super().__init__(self.subscription)

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over."""
        return self.subscription.frame_filter.missed + (self._pump.skipped if self._pump is not None else 0)

    def fileno(self) -> int:
        """A descriptor that is readable while a frame waits. Raises SubscriberError and ResourceError."""
        self.check()
        if self._pump is None:
            with super().held(), exhaustion():
                too_old = self.subscription.too_old
                self._pump = FramePump(self._camera, self._pumped, too_old, keep_all=self.options.queue > 0)
        return self._pump.fileno()

    # For a reader of several at once

    @contextmanager
    def held(self) -> Iterator[None]:
        """Take frames in this thread. Raises SubscriberError where another thread does, and SubscriberClosed."""
        if self._pump is not None:  # whose thread has the socket
            self.check()
            yield
            return
        with super().held():
            yield

    @property
    def due_in(self) -> float:
        """Seconds until `take` has to be called even if nothing is readable."""
        return MAX_POLL_SECONDS if self._pump is not None else self._due_in

    def register(self, poller: zmq.Poller) -> None:
        """Have a poller return when there may be something to `take`. Only for who holds it."""
        if self._pump is not None:
            for readable in (self._pump.fileno(), self._wake):
                poller.register(readable, zmq.POLLIN)
        else:
            self._register(poller)

    def take(self) -> Frame | None:
        """The frame that is there; None where there is none. Only for who holds it. Raises SubscriberClosed."""
        if self._pump is None or self.closing:
            return self._take()
        return self._pump.take(0.0)

    def close(self) -> None:
        """Close now, or let the thread that waits do it."""
        if self._pump is not None and not self.subscription.is_inherited:
            self.closing = True
            self._pump.close()
        super().close()

    def _receive(self, deadline: float) -> Frame | None:
        if self._pump is None:
            return super()._receive(deadline)
        while True:
            left = deadline - time.monotonic()
            frame = self._pump.take(max(0.0, min(left, MAX_POLL_SECONDS)))
            if self.closing:
                raise SubscriberClosed(self._camera)
            if frame is not None or left <= 0:
                return frame

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
