"""A slot for the newest picture of picamera2, from which the reader takes it. It does not import picamera2.

It also guards the encoder: a frame that is not wanted, or that would have to wait for the encoder, is not encoded.
Three threads meet here: picamera2's event loop, its encoder's output, and the reader.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec

STALE_PERIODS = 2
"""A picture that has lain here for longer than this many frame periods is not handed over."""


class Encoded(msgspec.Struct, frozen=True):
    """A JPEG and the metadata of the frame that it was made from, under libcamera's names."""

    jpeg: bytes
    metadata: Mapping[str, Any]
    put_at: float
    """CLOCK_MONOTONIC seconds at which the encoder was done."""
    pixels: Any = None
    """A copy of the frame's buffer, where that was wanted."""


class LatestFrame:
    """One for each opening of the camera."""

    def __init__(self, period_seconds: float, at_once: int) -> None:
        """`at_once` frames may be with the encoder; more would only grow old there."""
        self.lost = 0
        """Frames of the sensor that never came, or that the encoder was too slow for, while all were wanted."""
        self._period = period_seconds
        self._at_once = at_once
        self._changed = threading.Condition()
        self._every = False
        self._one = False
        self.wants_pixels = False
        """Whether the buffers of the frames that are encoded are to be copied."""
        self._encoding: dict[int, tuple[Mapping[str, Any], Any]] = {}
        self._newest: Encoded | None = None
        self._last_ns: int | None = None

    # --- the reader ---

    def want_every(self, every: bool) -> None:
        """Whether each frame is encoded as it comes, or one at a time when `take` asks for it."""
        with self._changed:
            if not every:
                self._last_ns = None
                if self._every:
                    self._newest = None
            self._every = every

    def take(self, limit_seconds: float) -> Encoded | None:
        """The newest picture if it is fresh, else the next one; None when that does not come in time."""
        with self._changed:
            if self._newest and time.monotonic() - self._newest.put_at > STALE_PERIODS * self._period:
                self._newest = None
            if self._newest is None and not self._encoding:
                self._one = True
            self._changed.wait_for(lambda: self._newest is not None, limit_seconds)
            taken, self._newest = self._newest, None
            return taken

    # --- the event loop ---

    def wants(self) -> bool:
        """Whether the frame that has just come is to be encoded."""
        with self._changed:
            return (self._every or self._one) and len(self._encoding) < self._at_once

    def begin(self, timestamp_us: int, metadata: Mapping[str, Any], pixels: Any = None) -> None:
        """Note that a frame goes to the encoder, which will name it by this timestamp; `pixels` are its buffer."""
        with self._changed:
            self._one = False
            self._encoding[timestamp_us] = metadata, pixels
            if self._every:
                self._count(metadata)

    # --- the encoder ---

    def put(self, timestamp_us: int, jpeg: bytes) -> None:
        """Take what the encoder made of the frame of this timestamp."""
        with self._changed:
            if not self._encoding:
                return
            # Encoders keep the order: one that is older than this will not come any more, and one that is named by
            # another clock, as in older versions of picamera2, is the oldest.
            of = timestamp_us if timestamp_us in self._encoding else min(self._encoding)
            metadata, pixels = self._encoding[of]
            self._encoding = {begun: said for begun, said in self._encoding.items() if begun > of}
            self._newest = Encoded(jpeg, metadata, time.monotonic(), pixels)
            self._changed.notify_all()

    def _count(self, metadata: Mapping[str, Any]) -> None:
        """Tell by the sensor's clock how many frames are missing since the last one."""
        now_ns = metadata.get("SensorTimestamp")
        if not isinstance(now_ns, int):
            return
        duration_ns = metadata.get("FrameDuration", 0) * 1000 or self._period * 1e9
        if self._last_ns is not None:
            self.lost += max(0, round((now_ns - self._last_ns) / duration_ns) - 1)
        self._last_ns = now_ns
