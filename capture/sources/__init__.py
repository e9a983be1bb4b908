"""Which source a camera's configuration means: each kind in a file of its own, imported only when it is wanted."""

import logging

from capture.source import Source, SourceError
from framebus.config import CameraConfig
from framebus.source_name import SourceName

logger = logging.getLogger("capture")

FIRST_DEVICE = "/dev/video0"
"""Looked for by name as well: a sandbox may pass the camera through and not show it in /dev."""


def make_source(camera: str, config: CameraConfig) -> Source:
    """The source for this camera, not yet opened. Its maker closes it.

    Raises SourceError for a kind that cannot work here at all.
    """
    name = choose(config.source)
    match name.kind:
        case "v4l2":
            from capture.sources.v4l2 import V4l2Source

            return V4l2Source(name.target, config.size, config.fps, config.quality)
        case "media":
            from capture.sources.media import MediaSource

            return MediaSource(name.target, config.size, config.fps, config.quality)
        case "picamera2":
            raise SourceError("this version of framebus has no picamera2 source yet; use v4l2:, a URL, or testcard")
        case _:
            from capture.sources.testcard import TestCardSource

            return TestCardSource(camera, config.size, config.quality)


def choose(name: SourceName) -> SourceName:
    """What `auto` means on this machine, said in the log with the reason; any other name as it is."""
    if name.kind != "auto":
        return name
    from capture.v4l2.device import capture_devices

    devices = capture_devices(also=(FIRST_DEVICE,))
    if devices:
        logger.info("source auto: chose v4l2:%s, the first of the V4L2 cameras %s", devices[0], ", ".join(devices))
        return SourceName("v4l2", devices[0])
    logger.info("source auto: chose testcard, because no V4L2 camera is attached (looked at /dev/video*)")
    return SourceName("testcard")
