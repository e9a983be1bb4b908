"""The state of one camera in the snapshot service: its newest frame, its history, and its status.

No sockets: it takes messages. snapshot.still_service decides what to answer.
"""

import time
from collections.abc import Callable
from logging import getLogger

from framebus.client.frame_filter import FrameFilter
from framebus.config.camera import CameraConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.protocol.frame import Frame
from framebus.protocol.wire import STATUS_TIMEOUT_SECONDS, StatusHeader, WireError, parse
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.time_of_day import time_of_day
from snapshot.clock_offset import ClockOffset
from snapshot.history import History
from snapshot.still import Still

logger = getLogger("snapshot")

MB = 1_000_000


class CameraState:
    """Takes the messages of a camera and keeps the newest of each kind."""

    def __init__(
        self, camera: str, settings: CameraConfig, snapshot: SnapshotConfig, now: Callable[[], float] = host_monotonic
    ) -> None:
        """Start with no frame and no status.

        Args:
            camera: its name.
            settings: its configuration.
            snapshot: the configuration of the snapshot service.
            now: CLOCK_MONOTONIC of the machine, in seconds.
        """
        self.camera = camera
        self.newest: Still | None = None
        self.history = History(snapshot.history, round(snapshot.history_mb * MB))
        self._stale_after = snapshot.stale_after
        self.configure(settings)
        self.losses = RateLimitedLog(logger)
        self._now = now
        self._same_host = settings.is_here
        self._clock_offset = ClockOffset()
        self._frame_filter = FrameFilter(same_host=self._same_host, now=now)
        self._status: StatusHeader | None = None
        self._status_at = now()
        self._live_at: float | None = None
        """When the camera was known to run at its full rate, by our clock: a wall clock is set, or may be wrong."""
        self._live_since = 0.0
        """What the camera says of that, in Unix seconds."""
        self._awake_before = 0.0
        """How many seconds it had run at `_live_at`."""

    def configure(self, settings: CameraConfig) -> None:
        """Take over a changed configuration of the camera; what it has of frames stays."""
        self.sleeps = settings.idle_fps == 0
        """Whether the camera is closed while it has no viewers: an old frame is no fault then."""
        self.max_megapixels = settings.max_megapixels
        self._fresh_seconds = self._stale_after + (1 / settings.idle_fps if settings.idle_fps else 0)

    def put(self, message: bytes) -> Still | None:
        """Take a `peek/` or `live/` message; return its frame, or None unless it is newer than the last one."""
        frame = self._frame_filter.accept(message)
        if frame is None:
            return None
        self.newest = self._still(frame)
        self.history.put(self.newest)
        return self.newest

    def parse_full(self, message: bytes) -> Still | None:
        """Take a `full/` message; return its frame, or None if it is malformed."""
        frame = FrameFilter(same_host=self._same_host, now=self._now).accept(message)
        return None if frame is None else self._still(frame)

    def put_status(self, message: bytes) -> None:
        """Take a `status/` message."""
        try:
            _, self._status = parse(message, StatusHeader)
        except WireError as error:
            self.losses.count("malformed messages dropped", str(error))
            return
        self._status_at = self._now()
        if self._status.state != "live":
            self._live_at = None
        elif self._live_at is None or self._live_since != self._status.since:
            self._live_at, self._live_since = self._status_at, self._status.since
            self._awake_before = max(0.0, time.time() - self._live_since) if self._same_host else 0.0

    def age(self, still: Still) -> float:
        """Return the seconds since the sensor captured a frame."""
        return self._now() - still.header.monotonic

    @property
    def current(self) -> Still | None:
        """The newest frame; None when the next one is overdue by more than `stale_after`."""
        return self.newest if self.newest and self.age(self.newest) <= self._fresh_seconds else None

    @property
    def awake_seconds(self) -> float:
        """How long the camera has run at its full rate, in seconds: this time counts for `settle`."""
        return 0.0 if self._live_at is None else self._awake_before + self._now() - self._live_at

    @property
    def unix_seconds(self) -> float:
        """The current time by the clock of the camera's machine."""
        if self._same_host or self.newest is None:
            return time.time()
        return self.newest.header.captured + self.age(self.newest)

    @property
    def fps(self) -> float:
        """Frames a second, as in the last status; 0 without one."""
        return self._status.fps if self._status is not None else 0.0

    @property
    def offline_reason(self) -> str:
        """Why the camera gives no pictures, and since when; empty while it may give some."""
        silent = self._now() - self._status_at
        if silent >= STATUS_TIMEOUT_SECONDS:
            since = time_of_day(time.time() - silent)
            return f"camera {self.camera} is offline since {since}: its process does not answer"
        if self._status is not None and self._status.state == "offline":
            return f"camera {self.camera} is offline since {time_of_day(self._status.since)}: {self._status.reason}"
        return ""

    def _still(self, frame: Frame) -> Still:
        """The frame with its times by our clock."""
        if self._same_host:
            return Still.of(frame)
        return Still(self._clock_offset.to_local(frame.header, self._now()), frame.jpeg)

    def flush_losses(self) -> None:
        """Log the losses that were not logged yet; to be called about once a second."""
        self._frame_filter.losses.flush()
        self.losses.flush()
