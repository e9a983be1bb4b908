"""The tests of this folder run only in the test machine; `make test` neither collects nor skips them."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Configure, Start
from tests.vm import hardware
from tests.vm.hardware import UsbCamera
from tests.vm.watched import Watched

collect_ignore_glob = [] if "FRAMEBUS_VM" in os.environ else ["test_*.py"]

Plug = Callable[..., UsbCamera]
Watch = Callable[..., Watched]
Note = Callable[[str], None]

NOTES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def usb() -> None:
    """A USB controller with free ports, and the driver of USB cameras."""
    hardware.load("uvcvideo")
    hardware.load("vhci_hcd")


@pytest.fixture
def plug(usb: None, tmp_path: Path) -> Iterator[Plug]:
    """Plug in a camera: `plug("--port", "1", serial="OTHER")`, with the options of tests.vm.usb_camera."""
    plugged: list[UsbCamera] = []

    def run(*options: str, serial: str = "SOFT0001") -> UsbCamera:
        camera = UsbCamera(*options, serial=serial, log=tmp_path / f"usb-{len(plugged)}.log")
        plugged.append(camera)
        camera.wait()
        return camera

    yield run
    for camera in plugged:
        camera.unplug()


@pytest.fixture
def watch(configure: Configure, start: Start) -> Iterator[Watch]:
    """Start a capture of this source and watch it: `watch("v4l2:/dev/video0", fps=10, shown=pictures)`."""
    with ExitStack() as watching:

        def run(source: str, size: str = "640x480", fps: int = 15, shown: Collection[bytes] = ()) -> Watched:
            config = configure(f'[camera.front]\nsource = "{source}"\nsize = "{size}"\nfps = {fps}\n')
            return watching.enter_context(Watched(config, start("capture", "front", config=config), shown))

        yield run


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Say something that was measured, for the end of the run."""
    return request.config.stash.setdefault(NOTES, []).append


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    notes = terminalreporter.config.stash.get(NOTES, [])
    if notes:
        terminalreporter.section("measured, where Python takes eleven times as long")
        for line in notes:
            terminalreporter.line(line)
