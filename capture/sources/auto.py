"""`source = "auto"`: a Pi camera, else the first V4L2 camera, else the test card until there is a camera.

A machine that had a camera waits for one again, when it is unplugged: a test card would pass for it.
"""

import logging
import time
from collections.abc import Callable

from capture.rate_control import RateControl
from capture.source import Source, SourceError
from capture.v4l2 import resolve
from capture.v4l2.device import capture_devices
from framebus.config.source_spec import SourceSpec
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture

logger = logging.getLogger("capture")

FIRST_DEVICE = "/dev/video0"
"""Looked for by name as well: a sandbox may pass the camera through and not show it in /dev."""
LOOK_SECONDS = 0.5
"""How often to look for a camera while there is none: a look at a folder that hardly ever changes."""

Make = Callable[[SourceSpec], Source]


class AutoSource(Source):
    """The source that was chosen, in the place of which another may come."""

    call_limit_seconds = 40.0
    """It may import picamera2 to look for a camera, and open one with it."""

    def __init__(
        self,
        make: Make,
        cameras: "AttachedCameras | None" = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Choose nothing yet.

        Args:
            make: makes the source of a name, not yet opened.
            cameras: what is attached; by default, to this machine.
            look_seconds: how often to look for a camera while there is none.
        """
        self._make = make
        self._cameras = cameras or AttachedCameras()
        self._look_seconds = look_seconds
        self._chosen: SourceSpec | None = None
        self._inner: Source | None = None
        self._had_camera = False
        self._looked_at = 0.0
        self._seen: dict[str, int] = {}
        self._lost_earlier = (0, 0)

    @property
    def name(self) -> str:
        """What was chosen."""
        return self._inner.name if self._inner is not None else "auto"

    @property
    def waiting(self) -> str:
        """What the chosen source says."""
        return self._inner.waiting if self._inner is not None else ""

    @property
    def flaw(self) -> str:
        """What the chosen source says."""
        return self._inner.flaw if self._inner is not None else ""

    def changed(self) -> bool:
        """Whether a node in /dev has come, gone or changed, or what the chosen source says."""
        nodes = self._cameras.video_nodes()
        changed, self._seen = nodes != self._seen, nodes
        return changed or (self._inner is not None and self._inner.changed())

    def open(self) -> None:
        """Choose, and open that."""
        self._seen = self._cameras.video_nodes()
        chosen, reason = choose(self._cameras)
        if chosen.kind == "testcard" and self._had_camera:
            raise SourceError("the camera was unplugged; plug one in")
        if chosen != self._chosen or self._inner is None:
            logger.info("source auto: chose %s, because %s", chosen, reason)
            self._chosen, self._inner = chosen, self._make(chosen)
            self._lost_earlier = (self.dropped, self.damaged)
        self._had_camera = self._had_camera or chosen.kind != "testcard"
        self.waiting_limit_seconds = self._inner.waiting_limit_seconds
        self.call_limit_seconds = max(self.call_limit_seconds, self._inner.call_limit_seconds)
        self._inner.open()
        self.orientation, self.has_stills = self._inner.orientation, self._inner.has_stills

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Of what was chosen. Raises SourceError also when there is a camera now, in the place of the test card."""
        assert self._inner is not None  # opened before it is read
        if self._chosen == SourceSpec("testcard"):
            self._look()
        try:
            return self._inner.read(rate_control, seq)
        finally:
            self.dropped = self._lost_earlier[0] + self._inner.dropped
            self.damaged = self._lost_earlier[1] + self._inner.damaged

    def still(self, seq: int) -> Picture | None:
        """Of what was chosen."""
        assert self._inner is not None  # opened before it is asked
        return self._inner.still(seq)

    def controls(self) -> list[Control]:
        """Of what was chosen."""
        assert self._inner is not None  # opened before it is asked
        return self._inner.controls()

    def set_controls(self, values: dict[str, Value]) -> None:
        """Of what was chosen."""
        assert self._inner is not None  # opened before it is asked
        self._inner.set_controls(values)

    def close(self) -> None:
        """Close what was chosen."""
        if self._inner is not None:
            self._inner.close()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < self._look_seconds:
            return
        self._looked_at = now
        nodes = self._cameras.video_nodes()
        if nodes != self._seen:
            self._seen = nodes
            if choose(self._cameras)[0].kind != "testcard":
                raise SourceError("a camera was plugged in: changing to it")


def choose(cameras: "AttachedCameras | None" = None) -> tuple[SourceSpec, str]:
    """What `auto` means on this machine now, and why, in words that fit behind "because"."""
    cameras = cameras or AttachedCameras()
    number, why = cameras.first_pi_camera()
    if number is not None:
        return SourceSpec("picamera2", str(number)), why
    devices = cameras.capture_devices()
    if devices:
        return SourceSpec("v4l2", devices[0]), f"{why}, and it is the first of the V4L2 cameras {', '.join(devices)}"
    return SourceSpec("testcard"), f"{why}, and no V4L2 camera (looked at /dev/video*)"


class AttachedCameras:
    """The cameras of this machine."""

    def first_pi_camera(self) -> tuple[int | None, str]:
        """The number of the first Pi camera, or None, and why."""
        from capture.picamera2.detect import first_camera

        return first_camera()

    def capture_devices(self) -> list[str]:
        """The nodes of the V4L2 cameras."""
        return capture_devices(also=(FIRST_DEVICE,))

    def video_nodes(self) -> dict[str, int]:
        """When each node in /dev that may be a camera was last changed."""
        return resolve.video_nodes(FIRST_DEVICE)
