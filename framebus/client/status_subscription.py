"""Which messages of a camera's status are changes, and when its silence is one. The clock is an argument."""

import time
from collections.abc import Callable
from logging import getLogger

from framebus.client.options import Options
from framebus.client.silence import reason
from framebus.client.subscription import Subscription
from framebus.protocol.silent_status import silent_status
from framebus.protocol.wire import STATUS_TIMEOUT_SECONDS, StatusHeader, WireError, parse, topic
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = getLogger("framebus")

LATE_SECONDS = 1.0
"""Where the end of a silence is noticed so late, this program stood still, or was busy, and a status may have come."""
GRACE_SECONDS = 0.5
"""How much longer it waits then, once."""


class StatusSubscription(Subscription[StatusHeader]):
    """The status of one camera."""

    def __init__(self, options: Options, now: Callable[[], float] = time.monotonic) -> None:
        """Raises ArgumentError, ConfigError, EndpointError and ResourceError."""
        super().__init__(options.camera, options.find(), topic("status", options.camera))
        self._losses = RateLimitedLog(logger)
        self._now = now
        self._heard = now()
        self._has_waited_longer = False
        self._last: StatusHeader | None = None

    @property
    def waited_for(self) -> str:
        """What the reader waits for."""
        return f"change of the status of camera {self.camera}"

    @property
    def silent_in(self) -> float | None:
        """Seconds until the camera counts as offline, unless a status comes; None where it does already."""
        if self._last is not None and self._last.pid == 0:
            return None
        now = self._now()
        left = self._heard + STATUS_TIMEOUT_SECONDS - now
        if left < -LATE_SECONDS and not self._has_waited_longer:
            self._has_waited_longer = True
            self._heard, left = now + GRACE_SECONDS - STATUS_TIMEOUT_SECONDS, GRACE_SECONDS
        return max(0.0, left)

    def accept(self, message: bytes | memoryview) -> StatusHeader | None:
        """The status, where its state, its reason or the process behind it is another than before."""
        try:
            _, status = parse(bytes(message), StatusHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return None
        self._heard, self._has_waited_longer = self._now(), False
        last, self._last = self._last, status
        if last is not None and _told(last) == _told(status):
            return None
        return status

    def on_silence(self) -> StatusHeader:
        """The camera is offline, as no process sends its status."""
        text = f"no status for {STATUS_TIMEOUT_SECONDS:g} s{reason(self.endpoint)}"
        self._last = silent_status(self.camera, self._last, text)
        return self._last


def _told(status: StatusHeader) -> tuple[str, str, str, int]:
    """What makes a change."""
    return status.state, status.reason, status.epoch, status.pid
