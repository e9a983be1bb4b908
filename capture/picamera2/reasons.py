"""Error messages for Pi cameras: one sentence each, with what to do.

Nothing here imports picamera2 or libcamera: that they cannot be imported is one of the reasons.
"""

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

NAME_ANOTHER = "name another one in `source`"
SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")
"""Where apt puts picamera2 and libcamera's bindings (Debian Python Policy)."""
INSTALL = "sudo apt install python3-picamera2 --no-install-recommends"
NEW_VENV = "python3 -m venv --system-site-packages --clear .venv"
VIDEO_GROUP = "add your user to the group video (sudo usermod -aG video $USER) and log in again"
DMA_HEAPS = ("vidbuf_cached", "linux,cma")
"""In /dev/dma_heap: where libcamera and picamera2 get memory for pictures, the first one that opens."""
MAX_NAMED = 8
"""More cameras than these are not named."""
UNIMPORTABLE = (ImportError, AttributeError, ValueError)
"""What importing picamera2 raises: something is missing; libcamera's bindings are too old for it; numpy is another one
than simplejpeg was made for."""


class CameraInfo(msgspec.Struct, frozen=True):
    """A camera that libcamera knows, by picamera2's number."""

    number: int
    model: str
    path: str
    """libcamera's id: the camera's place in the device tree, or on the USB."""


def not_imported(camera: str, error: Exception, packages: Path = SYSTEM_PACKAGES) -> str:
    """What the failure to import picamera2 means; `packages` is where apt's would be."""
    module = (error.name or "") if isinstance(error, ImportError) else ""
    if module == "picamera2":
        return f"{camera}: {not_installed(packages)}"
    if module.startswith("libcamera"):
        return f"{camera}: {_no_libcamera(packages)}"
    if module in ("kms", "pykms"):
        return f"{camera}: picamera2 lacks the module {module}; run: sudo apt install python3-kms++"
    if isinstance(error, ModuleNotFoundError):
        return f"{camera}: picamera2 lacks the module {module}; run: sudo apt install --reinstall python3-picamera2"
    return (
        f"{camera}: picamera2 cannot be imported ({innermost(error)}); if pip put a numpy or simplejpeg of its own "
        "beside apt's into this virtual environment, take it out: python -m pip uninstall numpy simplejpeg"
    )


def not_installed(packages: Path = SYSTEM_PACKAGES) -> str:
    """Why there is no picamera2 for this Python."""
    if (packages / "picamera2").is_dir() and sys.prefix != sys.base_prefix:
        return (
            "picamera2 is installed, but this virtual environment does not see the system's packages; "
            f"make it again with: {NEW_VENV}"
        )
    return f"picamera2 is not installed; run: {INSTALL}"


def _no_libcamera(packages: Path) -> str:
    bindings = sorted((packages / "libcamera").glob("_libcamera.*.so"))
    if not bindings:
        return "picamera2 is there, but libcamera's Python bindings are not; run: sudo apt install python3-libcamera"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not any(f"cpython-{version.replace('.', '')}-" in file.name for file in bindings):
        return (
            f"libcamera's bindings are made for the system's Python, and this is Python {version}; make the virtual "
            f"environment with the system's own: /usr/bin/{NEW_VENV}"
        )
    return (
        "libcamera's bindings are installed, but this virtual environment does not see the system's packages; "
        f"make it again with: {NEW_VENV}"
    )


def no_such_camera(camera: str, number: int, cameras: Sequence[CameraInfo], folder: str = "/dev") -> str:
    """libcamera works, and has no camera of this number; `folder` is that of the device nodes."""
    if cameras:
        listed = ", ".join(f"{each.number} ({each.model})" for each in cameras[:MAX_NAMED])
        return f"{camera}: there is no camera {number}; allowed: {listed}"
    nodes = sorted(Path(folder).glob("media*"))
    if nodes and not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return f"{camera}: no permission to open {nodes[0]} and the like; {VIDEO_GROUP}"
    heaps = [heap for name in DMA_HEAPS if (heap := Path(folder) / "dma_heap" / name).exists()]
    if nodes and heaps and not any(os.access(heap, os.R_OK | os.W_OK) for heap in heaps):
        return f"{camera}: no permission to open {heaps[0]}, without which libcamera finds no camera; {VIDEO_GROUP}"
    return (
        f"{camera}: libcamera finds no camera; check the cable with the power off, then what "
        "`rpicam-hello --list-cameras` says"
    )


def _dma_heap_refused(names: Sequence[str], folder: str = "/dev") -> str:
    """picamera2 gets no memory for pictures: the heap may be missing, or closed to this user."""
    heaps = [heap for name in names if (heap := Path(folder) / "dma_heap" / name).exists()]
    if not heaps:
        return f"there is no {folder}/dma_heap/{names[-1]}: the kernel gives no memory for pictures (CMA)"
    return f"no permission to open {heaps[0]}; {VIDEO_GROUP}"


def usb(camera: str, info: CameraInfo) -> str:
    """The camera is one that V4L2 serves better."""
    return f"{camera}: {info.model} is a USB camera; name it as v4l2:/dev/videoN in `source`"


def refused(camera: str, error: Exception) -> str:
    """What the failure to open or to start the camera means."""
    root = _root(error)
    number = root.errno if isinstance(root, OSError) else None
    text = str(root)
    if os.strerror(errno.EBUSY) in text:
        return (
            f"{camera}: in use by another program; end that (rpicam-hello, motion, another framebus …), "
            f"or {NAME_ANOTHER}; `sudo fuser -v /dev/media*` names it"
        )
    if "dmaHeap" in text:  # picamera2's own words, in its dma_heap.py
        return f"{camera}: {_dma_heap_refused(DMA_HEAPS)}"
    if number in (errno.EACCES, errno.EPERM):
        return f"{camera}: no permission to open {getattr(root, 'filename', None) or 'it'}; {VIDEO_GROUP}"
    if number == errno.ENOMEM or os.strerror(errno.ENOMEM) in text:
        return f"{camera}: not enough memory for its pictures (CMA); lower `size`"
    return f"{camera}: picamera2 refuses: {innermost(error)}"


def no_format(camera: str, given: str, usable: Sequence[str]) -> str:
    """The camera gives something that no encoder of picamera2's takes."""
    return f"{camera}: gives {given}; framebus takes {', '.join(usable[:-1])} or {usable[-1]}; {NAME_ANOTHER}"


def died(camera: str, what: str) -> str:
    """A thread of picamera2's has ended by itself."""
    return f"{camera}: {what} of picamera2 has failed; what it printed says why"


def stuck(camera: str, doing: str, seconds: float) -> str:
    """A call into picamera2 does not return."""
    return f"{camera}: {doing} has not ended within {seconds:g} s: the process exits and is restarted"


def not_closed(camera: str, error: Exception) -> str:
    """picamera2 fails to close the camera."""
    return f"{camera}: closing it has failed ({innermost(error)}): the process exits and is restarted"


def innermost(error: BaseException) -> str:
    """The text of the exception that all began with."""
    root = _root(error)
    return str(root) or type(root).__name__


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
