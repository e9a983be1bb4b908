"""`python -m capture.attached`: prints the cameras of this machine as JSON, for the settings. No picture is taken."""

import contextlib
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from capture.sources.auto import FIRST_DEVICE
from capture.v4l2 import reasons
from capture.v4l2.device import NO_CAMERAS, USABLE_FORMATS, V4l2Device, usable_formats
from capture.v4l2.resolve import SYSFS, Node, nodes
from framebus.config.camera import MAX_FPS
from framebus.config.size import Size
from framebus.runtime.process import EXIT_OK

COMMON_SIZES = ("640x480", "1280x720", "1920x1080")
"""What is listed of a camera that has every size within a range, or does not say."""
COMMON_RATES = (60.0, 30.0, 25.0, 15.0, 10.0, 5.0)
"""What is listed of a camera that has every rate within a range."""
MAX_SIZES = 64
MAX_RATES = 32
"""Of a size."""


def attached(folder: str = "/dev", sysfs: Path = SYSFS) -> list[dict[str, Any]]:
    """All cameras that are found, those of picamera2 first.

    Returns:
        For each `source`, as the configuration names it, `name`, `path`, `sizes` with their highest `fps` (0 where
        that is unknown) and their `rates`, the highest first, and `problem`: why it cannot be used, or an empty text.
    """
    return [*pi_cameras(), *v4l2_cameras(folder, sysfs)]


def pi_cameras() -> Iterator[dict[str, Any]]:
    """Those on a ribbon cable."""
    from capture.picamera2 import detect
    from capture.picamera2.reasons import UNIMPORTABLE, innermost
    from capture.picamera2.sensor_modes import sensor_modes

    if not any(detect.SUBDEVICES.glob("v4l-subdev*")):
        return
    try:
        cameras = [camera for camera in detect.attached() if not detect.is_usb(camera)]
    except UNIMPORTABLE as error:
        problem = f"picamera2 cannot be imported ({innermost(error)}); run: sudo apt install python3-picamera2"
        yield _entry("picamera2", "Pi camera", "", [], problem)
        return
    for camera in cameras:
        sizes = _pi_sizes(sensor_modes(camera))
        yield _entry(f"picamera2:{camera.number}", f"Pi camera {camera.model}", camera.path, sizes)


def _pi_sizes(modes: Mapping[Size, float]) -> list[dict[str, Any]]:
    """The modes of a sensor, and the common sizes that are scaled from one of them; any rate below the highest."""
    found = dict(modes)
    for size in map(Size.parse, COMMON_SIZES):
        larger = [mode for mode in modes if mode.width >= size.width and mode.height >= size.height]
        if larger and size not in modes:
            found[size] = modes[min(larger, key=area)]
        elif not modes:
            found[size] = 0.0
    listed = filter(is_allowed, sorted(found, key=area, reverse=True))
    return [_size(size, found[size], _rates_up_to(min(found[size], MAX_FPS))) for size in listed]


def _rates_up_to(most_fps: float) -> list[float]:
    return [most_fps, *(rate for rate in COMMON_RATES if rate < most_fps)] if most_fps else []


def v4l2_cameras(folder: str, sysfs: Path) -> Iterator[dict[str, Any]]:
    """Those behind /dev/videoN."""
    known = {node.path: node for node in nodes(sysfs)}
    names, serials = Counter(node.name for node in known.values()), Counter(node.serial for node in known.values())
    found = {node for node in Path(folder).glob("video*") if re.fullmatch(r"video\d+", node.name)}
    found |= {Path(FIRST_DEVICE)} if folder == "/dev" else set()
    for path in sorted(found, key=lambda node: int(node.name.removeprefix("video"))):
        node = known.get(str(path))
        if node is None and str(path.parent) == "/dev" and known:
            continue  # another node of a camera that is listed: its metadata
        entry = _v4l2_camera(str(path), _lasting_source(str(path), node, names, serials))
        if entry is not None:
            yield entry


def _lasting_source(path: str, node: Node | None, names: Counter[str], serials: Counter[str]) -> str:
    """The source that still names this camera after another one was plugged in."""
    if node is not None and node.serial and serials[node.serial] == 1:
        return f"v4l2:serial={node.serial}"
    if node is not None and node.name and names[node.name] == 1:
        return f"v4l2:name={node.name}"
    return f"v4l2:{path}"


def _v4l2_camera(path: str, source: str) -> dict[str, Any] | None:
    """The camera of a node; None where the node is something else."""
    try:
        with contextlib.closing(V4l2Device(path)) as device:
            identity = device.identity()
            if not identity.captures or identity.driver in NO_CAMERAS:
                return None
            offered = device.formats()
            usable = usable_formats(offered)
            sizes = _sizes(device, usable)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _entry(source, Path(path).name, path, [], reasons.not_opened(path, error))
    problem = "" if usable else reasons.no_format(path, offered, USABLE_FORMATS)
    return _entry(source, identity.card, path, sizes, problem)


def _sizes(device: V4l2Device, usable: list[str]) -> list[dict[str, Any]]:
    """Each size once, with the rates of all formats, the largest first."""
    found: dict[Size, set[float]] = {}
    for fourcc in usable:
        for wanted in map(Size.parse, COMMON_SIZES):
            for size in device.sizes(fourcc, wanted):
                found.setdefault(size, set()).update(round(rate, 2) for rate in device.rates(fourcc, size))
    largest = sorted(filter(is_allowed, found), key=area, reverse=True)[:MAX_SIZES]
    return [_size(size, max(found[size], default=0.0), sorted(found[size], reverse=True)) for size in largest]


def area(size: Size) -> int:
    """Its pixels."""
    return size.width * size.height


def is_allowed(size: Size) -> bool:
    """Whether framebus.toml takes it."""
    try:
        return Size.parse(str(size)) == size
    except ValueError:
        return False


def _size(size: Size, most_fps: float, rates: list[float]) -> dict[str, Any]:
    allowed = [rate for rate in rates if 0 < rate <= MAX_FPS]
    return {"size": str(size), "fps": min(most_fps, MAX_FPS), "rates": allowed[:MAX_RATES]}


def _entry(source: str, name: str, path: str, sizes: list[dict[str, Any]], problem: str = "") -> dict[str, Any]:
    return {"source": source, "name": name, "path": path, "sizes": sizes, "problem": problem}


def main() -> int:
    """Print the list; returns the exit status."""
    logging.disable(logging.INFO)
    print(json.dumps(attached()), flush=True)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
