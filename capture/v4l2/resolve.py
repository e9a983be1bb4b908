"""Finds the node in /dev of a configured camera, by its path, serial number or name.

Read from sysfs, so that no camera is opened for it, and at each opening, so that two cameras never swap.
"""

import contextlib
import os
from pathlib import Path

import msgspec

from capture.source import SourceError

SYSFS = Path("/sys/class/video4linux")
MAX_PARENTS = 6
"""From a video node up to its USB device are two or three; further up are hubs, with serial numbers of their own."""


class Node(msgspec.Struct, frozen=True):
    """A video node, and what it belongs to."""

    path: str
    name: str
    """What its driver calls the camera."""
    serial: str
    """Of the USB device; empty where it has none."""

    def __str__(self) -> str:
        return f"{self.path} (name={self.name}{f', serial={self.serial}' if self.serial else ''})"


def nodes(sysfs: Path = SYSFS) -> list[Node]:
    """The first node of each camera: the others of the same carry its metadata."""
    first_nodes = []
    for folder in sorted(sysfs.glob("video*"), key=lambda folder: int(f"0{folder.name.removeprefix('video')}")):
        if _line(folder / "index") in ("0", ""):
            first_nodes.append(Node(f"/dev/{folder.name}", _line(folder / "name"), _serial(folder / "device")))
    return first_nodes


def path_of(target: str, sysfs: Path = SYSFS) -> str:
    """The path that `/dev/video0`, `serial=3F2A1B20` or `name=HD Pro Webcam` means.

    Raises SourceError when no camera is called that, or more than one.
    """
    if target.startswith("/"):
        return target
    key, _, wanted = target.partition("=")
    present = nodes(sysfs)
    if key == "serial":
        matches = [node for node in present if node.serial == wanted]
    else:
        matches = [node for node in present if node.name.lower() == wanted.lower()]
        matches = matches or [node for node in present if wanted.lower() in node.name.lower()]
    if len(matches) == 1:
        return matches[0].path
    if matches:
        listed = ", ".join(map(str, matches))
        raise SourceError(f"v4l2:{target}: found {len(matches)} such cameras: {listed}; say which by serial or by path")
    listed = ", ".join(map(str, present)) or "none"
    raise SourceError(f"v4l2:{target}: no such camera is plugged in; there is {listed}")


def video_nodes(*paths: str, folder: str = "/dev") -> dict[str, int]:
    """When each node that may be a camera, and each of these paths, was last changed, in nanoseconds.

    A node changes once more when udev lets our group open it.
    """
    names = [name for name in os.listdir(folder) if name.startswith(("video", "v4l-subdev"))]
    changed = {}
    for path in {*paths, *(f"{folder}/{name}" for name in names)}:
        with contextlib.suppress(OSError):  # gone meanwhile
            changed[path] = os.stat(path).st_ctime_ns
    return changed


def _serial(device: Path) -> str:
    try:
        folder = device.resolve(strict=True)
    except OSError:
        return ""
    for parent in [folder, *folder.parents][:MAX_PARENTS]:
        if (parent / "idVendor").exists():  # the USB device itself
            return _line(parent / "serial")
    return ""


def _line(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
