"""The test machine's drivers: loaded, asked and set past framebus, so that what framebus says can be checked.

Structures and numbers are those of `videodev2`, as in capture.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import videodev2 as kernel

from tests.processes import Running, python, wait_until

NODES = Path("/sys/class/video4linux")
SLOWNESS = 3
"""How much longer than on a quiet real machine anything may take here; Python alone takes eleven times as long."""
PRESENT_SECONDS = 20.0
"""Within these a plugged-in camera has its node, or an unplugged one has none."""


def load(module: str, **options: object) -> None:
    """Load a driver."""
    given = [f"{name}={value}" for name, value in options.items()]
    subprocess.run(["modprobe", "-d", os.environ["FRAMEBUS_VM"], module, *given], check=True)


def unload(module: str) -> None:
    """Take it out again; nothing may have its devices open."""
    subprocess.run(["modprobe", "-d", os.environ["FRAMEBUS_VM"], "-r", module], check=True)


def capture_nodes() -> dict[str, Path]:
    """The nodes that give pictures, by the serial number of the USB camera, else by the name of the device."""
    found = {}
    for entry in NODES.glob("video*"):
        with contextlib.suppress(OSError):  # unplugged meanwhile
            if (entry / "index").read_text().strip() == "0":  # uvcvideo's second node of a camera is for metadata
                serial = entry / "device" / ".." / "serial"
                label = serial if serial.exists() else entry / "name"
                found[label.read_text().strip()] = Path("/dev") / entry.name
    return found


class UsbCamera(Running):
    """A camera of tests.vm.usb_camera, plugged in until it is unplugged or closed."""

    def __init__(self, *options: str, serial: str, log: Path) -> None:
        self.serial = serial
        command = python("tests.vm.usb_camera", os.environ["FRAMEBUS_VM_CLIPS"], "--serial", serial, *options)
        super().__init__(*command, log=log)

    def wait(self) -> None:
        """Until the driver has bound it; `node` says where."""
        wait_until(
            lambda: self.serial in capture_nodes() or self.process.poll() is not None,
            "the camera has a node",
            PRESENT_SECONDS,
        )
        assert self.process.poll() is None, self.log
        self.node = capture_nodes()[self.serial]

    def unplug(self) -> None:
        """Pull its cable, unless that is done, and wait until the driver has seen it."""
        if self.process.poll() is None:
            self.close()
            wait_until(lambda: self.serial not in capture_nodes(), "no node", PRESENT_SECONDS)

    def stall(self) -> None:
        """No pictures any more, though it stays plugged in; or pictures again."""
        self.process.send_signal(signal.SIGUSR1)


class Controls:
    """The controls of a driver by their names there, as any program can reach them beside capture."""

    def __init__(self, node: Path) -> None:
        self._node = node

    def get(self, name: str) -> int:
        """How it is set."""
        with self._opened() as node:
            control = kernel.v4l2_control(id=_numbers(node)[name])
            fcntl.ioctl(node, kernel.VIDIOC_G_CTRL & 0xFFFFFFFF, control, True)
            return int(control.value)

    def set(self, name: str, value: int = 1) -> None:
        """Set it, or press it where it is a button."""
        with self._opened() as node:
            control = kernel.v4l2_control(id=_numbers(node)[name], value=value)
            fcntl.ioctl(node, kernel.VIDIOC_S_CTRL & 0xFFFFFFFF, control, True)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        node = os.open(self._node, os.O_RDWR | os.O_NONBLOCK)
        try:
            yield node
        finally:
            os.close(node)


def _numbers(node: int) -> dict[str, int]:
    """The number of each control."""
    found: dict[str, int] = {}
    asked: Any = kernel.v4l2_queryctrl(id=kernel.V4L2_CTRL_FLAG_NEXT_CTRL)
    with contextlib.suppress(OSError):  # EINVAL is the end of the list
        while True:
            fcntl.ioctl(node, kernel.VIDIOC_QUERYCTRL & 0xFFFFFFFF, asked, True)
            found[bytes(asked.name).partition(b"\0")[0].decode()] = asked.id
            asked = kernel.v4l2_queryctrl(id=asked.id | kernel.V4L2_CTRL_FLAG_NEXT_CTRL)
    return found
