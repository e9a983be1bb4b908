"""What one viewer gets of one camera: in which size, how often, and never an older frame than it has seen."""

import asyncio
import time
from collections import deque

import msgspec

from framebus.runtime.thinning import Thinning
from gateway.cameras.feed import STREAM_KINDS, Feed
from gateway.cameras.frame_stream import FrameStream
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.viewer import Viewer
from gateway.viewers.link_adaptation import TICK_SECONDS


class Wanted(msgspec.Struct, frozen=True):
    """What a viewer asks for."""

    width: float | None = None
    """The smallest size that is at least so many pixels wide; None for the camera's own frames."""
    fps: float | None = None
    """Frames a second at most, more than 0; None for all."""
    adapt: bool = False
    """Whether smaller frames follow where the link is too slow."""


AS_IT_IS = Wanted()
OFFERED_TICKS = 4
"""Over so many ticks the frames that there are are counted."""
HELD_SECONDS = 0.5
"""How long nothing is sent before the first frame of a smaller size, where the larger one is too much for the link."""


class CameraWatch:
    """Begins with `join`, and lasts until `leave`."""

    def __init__(self, feed: Feed, viewer: Viewer, wanted: Wanted = AS_IT_IS) -> None:
        """Prepare to watch.

        Args:
            feed: the camera.
            viewer: is woken when there is something to send.
            wanted: in which size, and how often.
        """
        self.feed = feed
        self.shown: EncodedFrame | None = None
        """The last one that was sent."""
        self._viewer = viewer
        self.wanted = wanted
        self._thinning = Thinning(wanted.fps) if wanted.fps is not None else None
        self._level = 0
        self._received: deque[tuple[FrameStream, int]] = deque(maxlen=OFFERED_TICKS + 1)
        self._held_until = 0.0
        self._stream = feed.stream_for(wanted.width)
        self._next_stream = self._stream
        """Where the size has changed, the other stream is watched until this one has its first frame."""
        self._size = feed.size
        self._timer: asyncio.TimerHandle | None = None

    @property
    def period(self) -> float:
        """Seconds between two frames, at least; 0 without a limit."""
        return self._thinning.period if self._thinning is not None else 0.0

    def join(self) -> None:
        """Begin: the viewer is woken now, and for each frame."""
        self._stream.join(self._viewer)
        self.feed.join(self._viewer)

    def leave(self) -> None:
        """End; may be called twice."""
        self._cancel_timer()
        for stream in (self._stream, self._next_stream):
            stream.leave(self._viewer)
        self.feed.leave(self._viewer)

    def want(self, wanted: Wanted) -> None:
        """Change the size or the rate; until the first frame of another size has come, the old one is sent on."""
        if wanted == self.wanted:
            return
        if wanted.fps != self.wanted.fps:
            self._thinning = Thinning(wanted.fps) if wanted.fps is not None else None
            self._cancel_timer()
        self.wanted = wanted
        self._choose()

    @property
    def wanted_level(self) -> int:
        """The place in STREAM_KINDS of the size that is wanted."""
        return STREAM_KINDS.index(self.feed.stream_for(self.wanted.width).kind)

    @property
    def level(self) -> int:
        """The place in STREAM_KINDS of the size that is sent; until its first frame has come, the one before is."""
        return STREAM_KINDS.index(self._stream.kind)

    def reduce_to(self, level: int) -> None:
        """Send no larger size than this place in STREAM_KINDS has; 0 sends what is wanted."""
        if level == self._level:
            return
        if level > self._level:
            self._held_until = time.monotonic() + HELD_SECONDS
        self._level = level
        self._choose()

    def offered_fps(self) -> float:
        """Return how many frames per second there are of the size to send; to be called every TICK_SECONDS."""
        stream = self._next_stream
        if self._received and self._received[0][0] is not stream:
            self._received.clear()
        self._received.append((stream, stream.received))
        seconds = (len(self._received) - 1) * TICK_SECONDS
        fps = (stream.received - self._received[0][1]) / seconds if seconds else 0.0
        return min(fps, 1 / self.period) if self.period else fps

    def takes(self, encoded: EncodedFrame) -> bool:
        """Whether a frame that has come is the next one to send: a new one, of the size that is wanted, at any rate."""
        return (
            self._thinning is None
            and self._next_stream is self._stream
            and self.feed.size is self._size
            and self.shown is not encoded
        )

    def newest(self, *, with_offline_image: bool = False) -> EncodedFrame | None:
        """Return the newest frame, if the viewer has not had it; None where there is nothing new, or it is too early.

        Where it is too early for the rate that is wanted, the viewer is woken again when it is time.

        Args:
            with_offline_image: whether to return that while the camera is offline.
        """
        if self.feed.size is not self._size:
            self._choose()
        if self._next_stream is not self._stream and self._is_as_new(self._next_stream.encoded):
            self._stream.leave(self._viewer)
            self._stream = self._next_stream
        if self._next_stream is not self._stream and time.monotonic() < self._held_until:
            return None
        if with_offline_image and self._stream.offline_image is not None:
            offline = self._stream.offline_image
            return None if offline is self.shown else offline
        encoded = self._stream.encoded
        if not self._is_news(encoded):
            return None
        return encoded if self._thinning is None or self.is_due() else None

    def is_due(self) -> bool:
        """Return whether the rate that is wanted allows a frame now; where not, the viewer is woken when it does."""
        now = time.monotonic()
        if self._thinning is None or self._thinning.is_due(now):
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._thinning.wait_seconds(now), self._wake)
        return False

    def sent(self, encoded: EncodedFrame, message: bytes) -> None:
        """Note that a frame is sent now.

        Args:
            encoded: the frame.
            message: what is sent of it.
        """
        if self._thinning is not None:
            self._cancel_timer()
            self._thinning.took(time.monotonic())
        self.shown = encoded
        self.feed.stats.sent_to_viewer(encoded, message, self._stream.kind)

    def sent_again(self, encoded: EncodedFrame, message: bytes) -> None:
        """Count a frame that is sent, or sent again; the latter does not delay the next one."""
        self.feed.stats.sent_to_viewer(encoded, message, self._stream.kind)

    def _is_news(self, encoded: EncodedFrame | None) -> bool:
        """Whether the frame is newer than the one that was sent last, in whatever size that was."""
        if encoded is None or encoded is self.shown:
            return False
        if self.shown is None:
            return True
        new, old = encoded.frame.header, self.shown.frame.header
        return new.epoch != old.epoch or new.seq > old.seq

    def _is_as_new(self, encoded: EncodedFrame | None) -> bool:
        """Whether the frame is not older than the last one that was sent. Smaller sizes come just after live frames."""
        if encoded is None or self.shown is None:
            return encoded is not None
        new, old = encoded.frame.header, self.shown.frame.header
        return new.epoch != old.epoch or new.seq >= old.seq

    def _choose(self) -> None:
        self._size = self.feed.size
        stream = self.feed.smaller_stream(self.feed.stream_for(self.wanted.width), self._level)
        if stream is self._next_stream:
            return
        if self._next_stream is not self._stream:
            self._next_stream.leave(self._viewer)
        self._next_stream = stream
        stream.join(self._viewer)

    def _wake(self) -> None:
        self._timer = None
        self._viewer.wake()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
