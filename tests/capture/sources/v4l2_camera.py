"""What the tests of v4l2 share."""

from capture.rate_control import RateControl
from capture.sources.v4l2 import V4l2Source
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture.v4l2.shim import (
    DEVICE,
    queued,
    tick,
)

SIZE = Size(64, 48)


NEVER_STALE = 0.0001
"""A rate at which a frame of this test cannot grow too old, however slow the machine is."""


def opened(fps: float = NEVER_STALE) -> V4l2Source:
    source = V4l2Source(DEVICE, SIZE, fps, 90)
    source.open()
    return source


def every_frame() -> RateControl:
    return RateControl(1000)


def read_after_each(ticks: list[int]) -> tuple[list[Picture | None], int, int]:
    """Let the camera take so many frames, read once, and so on; with what was lost, and the buffers the driver has."""
    source, rate_control = opened(), every_frame()
    found = []
    for frames in ticks:
        tick(frames)
        found.append(source.read(rate_control, 1))
    in_driver = queued()
    source.close()
    return found, source.dropped, in_driver
