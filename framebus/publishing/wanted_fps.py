"""The rate that the subscribers of a camera need. Pure."""

from collections.abc import Set

from framebus.config.camera import CameraConfig
from framebus.protocol.renditions import RENDITIONS
from framebus.protocol.wire import Kind


def wanted_fps(settings: CameraConfig, wanted: Set[Kind]) -> float:
    """Return the frames a second: the subscribers of renditions alone need no more than are made.

    Args:
        settings: the camera's table of the configuration.
        wanted: the kinds that have subscribers.
    """
    if "live" in wanted or "full" in wanted:
        return settings.fps
    if not wanted.isdisjoint(RENDITIONS):
        return max(settings.idle_fps, min(settings.fps, settings.rendition_fps))
    return settings.idle_fps
