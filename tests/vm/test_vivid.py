"""The kernel's vivid driver under capture: a camera of the kernel's own, which fails in the ways it is told to."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from framebus.protocol.controls import ControlsRequest, named
from tests.processes import wait_until
from tests.vm import hardware
from tests.vm.conftest import Note, Watch
from tests.vm.hardware import SLOWNESS, Controls
from tests.vm.watched import RECOVERY_SECONDS, Watched

NAME = "vivid-000-vid-cap"
SIZE = "320x180"
"""The least that it has as a webcam: it draws and we encode, both emulated."""
DROPPED = "Percentage of Dropped Buffers"


@pytest.fixture(scope="module")
def node() -> Iterator[Path]:
    """One webcam, in one plane."""
    hardware.load("vivid", n_devs=1, node_types=0x1, num_inputs=1, input_types=0x0, multiplanar=1)
    wait_until(lambda: NAME in hardware.capture_nodes(), "a node of vivid", hardware.PRESENT_SECONDS)
    yield hardware.capture_nodes()[NAME]
    hardware.unload("vivid")


@pytest.fixture
def front(node: Path, watch: Watch) -> Watched:
    """A capture of it, whose first picture has come."""
    watched: Watched = watch(f"v4l2:{node}", size=SIZE, fps=10)
    watched.frame()
    return watched


def recovered(front: Watched, note: Note, fault: str) -> None:
    """Within the limit from now a new picture has come."""
    begin = time.monotonic()
    front.frame_since(begin)
    seconds = time.monotonic() - begin
    assert seconds < RECOVERY_SECONDS * SLOWNESS, front.process.log
    front.live()
    assert "Traceback" not in front.process.log
    note(f"vivid, {fault}: recovered after {seconds:.1f} s")


def test_its_pictures_become_jpeg_and_move(front: Watched) -> None:
    frames = [front.frame() for _ in range(10)]
    for frame in frames:
        assert Image.open(io.BytesIO(frame.jpeg)).size == (320, 180)
    assert len({frame.jpeg for frame in frames}) > 1
    assert front.live().bad == 0


def test_controls_of_every_kind_are_listed_set_and_reset(front: Watched, node: Path) -> None:
    listed = {control.name: control for control in front.ask(ControlsRequest())}
    assert {"int", "bool", "menu"} <= {control.type for control in listed.values()}
    changed = front.ask(ControlsRequest(set={"brightness": 7, "horizontal_flip": True, "test_pattern": 3}))
    assert [named(changed, name).value for name in ("brightness", "horizontal_flip", "test_pattern")] == [7, True, 3]
    assert Controls(node).get("Test Pattern") == 3
    for control in front.ask(ControlsRequest(reset="all")):
        if not control.read_only and not control.inactive:  # what is automatic has values of its own
            assert control.value == control.default, control.name
    assert Controls(node).get("Test Pattern") == 0


@pytest.mark.parametrize("fault", ["Disconnect", "Inject Fatal Streaming Error", "Inject VIDIOC_QBUF Error"])
def test_a_driver_that_fails_while_it_streams_is_opened_again(
    front: Watched, node: Path, note: Note, fault: str
) -> None:
    Controls(node).set(fault)
    front.process.wait_for(f"camera front: {node} is gone: it was unplugged or its driver failed; opening it again")
    recovered(front, note, fault)


@pytest.mark.parametrize("fault", ["Inject VIDIOC_REQBUFS Error", "Inject VIDIOC_STREAMON Error"])
def test_a_driver_that_refuses_at_the_opening_is_asked_again(
    front: Watched, node: Path, note: Note, fault: str
) -> None:
    Controls(node).set(fault)
    Controls(node).set("Inject Fatal Streaming Error")
    front.process.wait_for(f"camera front: {node}: its driver refuses: Invalid argument; opening it again")
    recovered(front, note, fault)


def test_bad_and_dropped_buffers_cost_only_themselves(front: Watched, node: Path) -> None:
    Controls(node).set(DROPPED, 30)
    for _ in range(5):
        Controls(node).set("Inject V4L2_BUF_FLAG_ERROR")
        front.frame()
    Controls(node).set(DROPPED, 0)
    front.status(lambda status: status.dropped > 0)
    assert "opening it again" not in front.process.log


def test_a_driver_that_drops_everything_has_stalled(front: Watched, node: Path, note: Note) -> None:
    Controls(node).set(DROPPED, 100)
    assert front.offline().startswith(f"v4l2:{node}: no complete picture for ")
    Controls(node).set(DROPPED, 0)
    recovered(front, note, "every buffer dropped")
