"""The connection of a subscriber, without a reference to the subscriber, so that a finalizer can close it."""

import os
import time
from dataclasses import replace

from framebus.client.frame_filter import FrameFilter
from framebus.client.options import SubscriberOptions
from framebus.client.silence import reason
from framebus.errors import ReplyTimeoutError, SubscriberError
from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader
from framebus.transport import sockets
from framebus.transport.process_context import exhaustion, process_context

DEAD_CONNECTION_SECONDS = 1.0
"""A frame of a lost connection is handed over up to this age: a reader that keeps up gets the last one."""


class Subscription:
    """The SUB socket, the judgement of its messages, and the process that made it."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises ArgumentError, ConfigError, EndpointError and ResourceError."""
        self.options = options
        self.endpoint = options.find()
        self.frame_filter = FrameFilter(same_host=self.endpoint.same_host)
        with exhaustion():
            self.socket = sockets.subscriber(process_context(), self.endpoint, options.topic, options.queue)
        self._pid = os.getpid()
        self._disconnects = 0
        self._skipped = 0
        self._last: tuple[float, FrameHeader] | None = None
        """When the last frame was accepted, by time.monotonic, and its header."""

    @property
    def is_inherited(self) -> bool:
        """Whether another process made it."""
        return self._pid != os.getpid()

    def check_process(self) -> None:
        """Raises SubscriberError in a process other than the one that made the subscriber."""
        if self.is_inherited:
            raise SubscriberError(
                f"the subscriber of camera {self.options.camera} was made in process {self._pid}; "
                "make a new one after a fork"
            )

    def accept(self, message: bytes) -> Frame | None:
        """The frame of a message, or None for what is not handed over."""
        lost = self.socket.disconnects != self._disconnects
        self._disconnects = self.socket.disconnects
        frame = self.frame_filter.accept(message)
        if frame is None:
            return None
        # It waited here while its capture process ended: the frames of the next one have not been asked for yet.
        # Who asked for a queue wants them all.
        dead = lost and not self.options.queue and self._delay(frame) > DEAD_CONNECTION_SECONDS
        if dead or self.too_old(frame):
            self.frame_filter.missed += 1
            self._skipped += frame.missed + 1
            return None
        self._last = time.monotonic(), frame.header
        skipped, self._skipped = self._skipped, 0
        return replace(frame, missed=frame.missed + skipped) if skipped else frame

    def _delay(self, frame: Frame) -> float:
        """Seconds for which a frame waited, at least: by the camera's clock alone where that is on another machine."""
        if self.endpoint.same_host:
            return frame.age
        if self._last is None or self._last[1].epoch != frame.epoch:
            return 0.0
        accepted, header = self._last
        return (time.monotonic() - accepted) - (frame.header.published - header.published)

    def too_old(self, frame: Frame) -> bool:
        """Whether the caller does not want a frame of this age."""
        return self.options.max_age is not None and frame.age > self.options.max_age

    def timeout(self, seconds: float) -> ReplyTimeoutError:
        """The error for no frame in so many seconds, with the reason where that is known."""
        return ReplyTimeoutError(
            f"no frame of camera {self.options.camera} within {seconds:g} s{reason(self.endpoint)}"
        )

    def close(self) -> None:
        """Close the socket, in the process that made it."""
        if not self.is_inherited:
            self.socket.close()
