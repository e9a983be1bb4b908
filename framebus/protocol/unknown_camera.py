"""The sentence about a camera that does not exist, the same in every process and command."""

from collections.abc import Iterable

from framebus.config.strict_toml import did_you_mean

MAX_SHOWN = 40
"""Characters of the name; it may come from anybody."""


def unknown_camera(name: str, cameras: Iterable[str]) -> str:
    """Say that there is no camera of this name, and which there are.

    Args:
        name: that was asked for.
        cameras: the names of the cameras that the asking client may know of.
    """
    existing = list(cameras)
    listed = f"there is {', '.join(existing)}" if existing else "there is none"
    return f"there is no camera {name[:MAX_SHOWN]}; {listed}{did_you_mean(name, existing)}"
