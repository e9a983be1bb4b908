"""The current failure of a camera: its reason, since when it counts as offline, and how often it repeats."""

import logging
import time
from collections.abc import Callable

from capture.repeat_log import RepeatLog

OFFLINE_GRACE_SECONDS = 2.0
"""A camera that fails and gives pictures again within this is not called offline: most hiccups are over by then."""


class Trouble:
    """The trouble of one camera; written by the thread that reads it, read by others."""

    def __init__(
        self,
        camera: str,
        log: RepeatLog,
        grace_seconds: float = OFFLINE_GRACE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without trouble.

        Args:
            camera: its name in the configuration.
            log: where the trouble and its end are logged.
            grace_seconds: how long a failure lasts until the camera is offline.
            now: the clock, in seconds.
        """
        self.reason = ""
        """Why there is no picture; empty while all is well."""
        self._camera = camera
        self._log = log
        self._grace = grace_seconds
        self._now = now
        self._offline_at = 0.0
        self._logged_offline = False
        self._kind: type[Exception] | None = None
        self._repeats = 0

    @property
    def offline(self) -> bool:
        """Whether the trouble has lasted for longer than the grace."""
        return bool(self.reason) and self._now() >= self._offline_at

    def count(self, kind: type[Exception]) -> int:
        """Count a failure; returns how many of this kind have come in a row, without a picture in between."""
        self._repeats = self._repeats + 1 if kind is self._kind else 1
        self._kind = kind
        return self._repeats

    def begin(self, reason: str, *, at_once: bool = False) -> None:
        """Note a failure, and log it.

        Args:
            reason: why there is no picture.
            at_once: whether the camera is offline without the grace, because it was silent before it failed.
        """
        if at_once:
            self._offline_at = self._now()
        elif not self.reason:
            self._offline_at = self._now() + self._grace
        self.reason = reason
        if self.offline:
            self._log_offline()
        else:
            self._log.log(logging.WARNING, f"camera {self._camera}: {reason}; opening it again")

    def end(self) -> None:
        """Note a picture, and log it where the camera was offline."""
        if self._logged_offline:
            self._log.log(logging.INFO, f"camera {self._camera} is back")
        self.reason, self._logged_offline = "", False
        self._kind = None

    def flush(self) -> None:
        """Log that the camera is offline, once the grace has passed; to be called before anybody is told so."""
        if self.offline and not self._logged_offline:
            self._log_offline()

    def _log_offline(self) -> None:
        self._logged_offline = True
        self._log.log(logging.WARNING, f"camera {self._camera} offline: {self.reason}")
