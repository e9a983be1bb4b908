"""Which messages of a camera are frames for a subscriber: new ones, and not those of a process that has ended."""

import time

import msgspec

from framebus.client.frame_filter import FrameFilter
from framebus.client.options import SubscriberOptions
from framebus.client.silence import camera_reason
from framebus.client.subscription import Subscription
from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader

DEAD_CONNECTION_SECONDS = 1.0
"""A frame of a lost connection is handed over up to this age: a reader that keeps up gets the last one."""


class FrameSubscription(Subscription[Frame]):
    """The frames of one camera."""

    def __init__(self, options: SubscriberOptions) -> None:
        """Raises ArgumentError, ConfigError, EndpointError and ResourceError."""
        endpoint = options.find()
        super().__init__(options.camera, endpoint, options.topic, options.queue)
        self.options = options
        self.frame_filter = FrameFilter(same_host=endpoint.same_host)
        self._disconnects = 0
        self._skipped = 0
        self._last: tuple[float, FrameHeader] | None = None
        """When the last frame was accepted, by time.monotonic, and its header."""

    @property
    def waited_for(self) -> str:
        """What the reader waits for."""
        return f"frame of camera {self.camera}"

    def reason_of_the_camera(self) -> str:
        """What its status says, with a colon before it."""
        return camera_reason(self.camera, self.endpoint)

    def accept(self, message: bytes | memoryview) -> Frame | None:
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
        return msgspec.structs.replace(frame, missed=frame.missed + skipped) if skipped else frame

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
