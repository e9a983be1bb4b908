"""The newest frame of every camera, and the answers made from it. No sockets: messages in, messages out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from framebus.config import Config
from framebus.intake import Intake
from framebus.wire import (
    CAMERA_ALLOWED,
    MAX_REQUEST_BYTES,
    VERSION,
    ErrorHeader,
    FrameHeader,
    SnapshotRequest,
    WireError,
    decode,
    is_camera_name,
    pack,
    retopic,
)


@dataclass(frozen=True, slots=True)
class Still:
    """A frame, ready to be sent."""

    header: FrameHeader
    message: bytes


class Cache:
    """Holds one frame a camera, and none of a camera that is not configured."""

    def __init__(self, config: Config, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is CLOCK_MONOTONIC, in seconds."""
        self._now = now
        self._intakes = {camera: Intake(now=now) for camera in config.cameras}
        self._stills: dict[str, Still] = {}
        self._stale_after = {
            camera: config.snapshot.stale_after + (1 / settings.idle_fps if settings.idle_fps else 0)
            for camera, settings in config.cameras.items()
        }

    def put(self, camera: str, message: bytes) -> None:
        """Take a `peek/` message; one that is no newer frame is passed over."""
        frame = self._intakes[camera].accept(message)
        if frame is not None:
            self._stills[camera] = Still(frame.header, retopic(message, "snapshot", camera))

    def answer(self, request: bytes) -> bytes:
        """The reply to a request, whatever that is: a `snapshot/` message, or an `error/` one."""
        if len(request) > MAX_REQUEST_BYTES:
            return _error("", "bad-request", f"request of {len(request)} bytes, allowed: at most {MAX_REQUEST_BYTES}")
        try:
            camera = decode(request, SnapshotRequest).camera
        except WireError as error:
            return _error("", "bad-request", f'{error}; allowed: {{"camera":"NAME"}}')
        if not is_camera_name(camera):
            return _error("", "bad-request", f"camera {camera[:40]!a}; allowed: {CAMERA_ALLOWED}")
        if camera not in self._intakes:
            return _error(camera, "unknown-camera", f"there is no camera {camera}; there is {', '.join(self._intakes)}")
        still = self._stills.get(camera)
        if still is None:
            return _error(camera, "no-frame", f"camera {camera} has not given a picture yet")
        age = self._now() - still.header.monotonic
        if age > self._stale_after[camera]:
            return _error(camera, "stale", f"camera {camera} has given no picture for {age:.0f} s")
        return still.message

    def flush_losses(self) -> None:
        """Say what was lost and not yet said; to be called about once a second."""
        for intake in self._intakes.values():
            intake.losses.flush()


def _error(camera: str, code: str, message: str) -> bytes:
    return pack("error", camera, ErrorHeader(v=VERSION, code=code, message=message))
