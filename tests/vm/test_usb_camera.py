"""The kernel's own uvcvideo driver under capture: pictures, controls, and every way in which a USB camera goes away.

What is dropped is tolerated everywhere: on this machine the emulation decides it.
"""

import io
import os
import time
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from capture.v4l2.device import V4l2Device
from framebus.protocol.controls import ControlError
from tests.processes import wait_until
from tests.vm.conftest import Note, Plug, Watch
from tests.vm.hardware import SLOWNESS, Controls, UsbCamera
from tests.vm.watched import FRAME_SECONDS, RECOVERY_SECONDS, Watched, clip_pictures

STALL_RECOVERY_SECONDS = 10.0
RED, YELLOW = (254, 0, 0), (255, 255, 0)
DARK, LIGHT = (78,) * 3, (218,) * 3
"""Their brightness; whether it is stretched from 16…235 to 0…255 is not what is tested here."""
TOLERANCE = 20


@pytest.fixture(scope="module")
def shown() -> set[bytes]:
    """The pictures that the camera may show."""
    return clip_pictures(Path(os.environ["FRAMEBUS_VM_CLIPS"]))


def recovered(front: Watched, limit_seconds: float) -> float:
    """How many seconds it takes from now until a new picture has come."""
    begin = time.monotonic()
    front.frame_since(begin)
    seconds = time.monotonic() - begin
    assert seconds < limit_seconds * SLOWNESS, front.process.log
    front.live()
    return seconds


def away(camera: UsbCamera) -> tuple[str, str]:
    """What may be said of it: first that it goes, then that it is not there."""
    return (
        f"{camera.node} is gone: it was unplugged or its driver failed",
        f"{camera.node}: there is no such device; plug the camera in, or name another one in `source`",
    )


def test_a_subscriber_gets_the_very_bytes_of_the_camera(plug: Plug, watch: Watch, shown: set[bytes]) -> None:
    camera = plug()
    front = watch(f"v4l2:{camera.node}", size="1280x720", fps=30, shown=shown)
    frames = [front.frame() for _ in range(30)]
    assert len({frame.jpeg for frame in frames}) > 5, "they move"
    assert {(frame.width, frame.height) for frame in frames} == {(1280, 720)}
    status = front.live()
    assert (status.source, status.reason, status.bad) == (f"v4l2:{camera.node}", "", 0)
    assert "streams MJPG 1280x720 at 30 fps" in camera.log


def test_unplugged_and_plugged_in_again_it_recovers_by_itself(
    plug: Plug, watch: Watch, shown: set[bytes], note: Note
) -> None:
    camera = plug()
    front = watch(f"v4l2:{camera.node}", shown=shown)
    for _ in range(3):
        front.frame()
        pulled = time.monotonic()
        camera.unplug()
        assert front.offline() in away(camera)
        noticed = time.monotonic() - pulled
        camera = plug()
        seconds = recovered(front, RECOVERY_SECONDS)
        note(
            f"uvcvideo, unplugged: said after {noticed:.1f} s, recovered {seconds:.1f} s after it was plugged in again"
        )
    assert "Traceback" not in front.process.log


def test_a_camera_plugged_in_after_the_start_is_found(plug: Plug, watch: Watch) -> None:
    camera = plug()
    camera.unplug()
    front = watch(f"v4l2:{camera.node}")
    assert front.offline() == away(camera)[1]
    plug()
    recovered(front, RECOVERY_SECONDS)


def test_a_camera_in_use_is_said_to_be_and_taken_once_it_is_free(plug: Plug, watch: Watch) -> None:
    camera = plug()
    with closing(V4l2Device(str(camera.node))) as ours:
        ours.request_buffers(2)
        front = watch(f"v4l2:{camera.node}")
        us = f"{Path('/proc/self/comm').read_text().strip()} (process {os.getpid()})"
        assert front.offline() == f"{camera.node}: in use by {us}; end that, or name another one in `source`"
    recovered(front, RECOVERY_SECONDS)


def test_a_stall_is_noticed_and_over_with_its_cause(plug: Plug, watch: Watch, shown: set[bytes], note: Note) -> None:
    camera = plug()
    front = watch(f"v4l2:{camera.node}", shown=shown)
    front.frame()
    front.live()
    begin = time.monotonic()
    camera.stall()
    reason = front.offline()
    noticed = time.monotonic() - begin
    assert reason.startswith(f"v4l2:{camera.node}: no complete picture for "), reason
    camera.stall()
    seconds = recovered(front, STALL_RECOVERY_SECONDS)
    note(f"uvcvideo, stalled: said after {noticed:.1f} s, recovered {seconds:.1f} s after it went on")


def test_a_control_is_set_in_the_camera_and_again_when_that_comes_back(plug: Plug, watch: Watch) -> None:
    camera = plug()
    front = watch(f"v4l2:{camera.node}")
    front.frame()
    brightness = front.set("brightness", 10)
    assert (brightness.value, brightness.min, brightness.max, brightness.default) == (10, 0, 255, 128)
    assert Controls(camera.node).get("Brightness") == 10
    wait_until(lambda: "brightness 10\n" in camera.log, camera.log)
    with pytest.raises(ControlError) as error:
        front.set("brightness", 300)
    assert str(error.value) == "brightness: found 300; allowed: a whole number from 0 to 255"
    camera.unplug()
    front.offline()
    camera = plug()
    recovered(front, RECOVERY_SECONDS)
    assert "brightness 10\n" in camera.log
    assert Controls(camera.node).get("Brightness") == 10


@pytest.mark.parametrize("source", ["v4l2:serial=FRONT1", "v4l2:name=Front Camera"])
def test_by_serial_or_name_it_is_found_when_another_has_taken_its_node(plug: Plug, watch: Watch, source: str) -> None:
    camera = plug("--product", "Front Camera", serial="FRONT1")
    front = watch(source)
    front.frame()
    camera.unplug()
    front.offline()
    other = plug("--product", "Other Camera", "--port", "1", serial="OTHER1")
    assert other.node == camera.node
    again = plug("--product", "Front Camera", serial="FRONT1")
    assert again.node != camera.node
    recovered(front, RECOVERY_SECONDS)
    assert "streams" in again.log
    assert "streams" not in other.log


@pytest.mark.parametrize("kind", ["YUY2", "UYVY", "NV12", "Y800"])
def test_pictures_without_compression_become_jpeg_in_their_colours(plug: Plug, watch: Watch, kind: str) -> None:
    camera = plug("--formats", kind, "--sizes", "320x240")
    front = watch(f"v4l2:{camera.node}", size="320x240", fps=10)
    picture = Image.open(io.BytesIO(front.frame().jpeg)).convert("RGB")
    assert picture.size == (320, 240)
    left, right = (DARK, LIGHT) if kind == "Y800" else (RED, YELLOW)
    for across, expected in ((80, left), (240, right)):
        found = picture.getpixel((across, 120))
        assert isinstance(found, tuple)
        assert all(abs(a - b) <= TOLERANCE for a, b in zip(found, expected, strict=True)), f"{kind}: {found}"


def test_a_camera_with_nothing_but_a_codec_is_decoded_or_refused_in_plain_words(plug: Plug, watch: Watch) -> None:
    """Decoded with the extra av: this camera has no key frame to give."""
    camera = plug("--formats", "H264")
    front = watch(f"v4l2:{camera.node}")
    front.status(lambda status: "H264" in status.reason, FRAME_SECONDS)
