"""Why a V4L2 camera cannot be used is said in one exact sentence."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.capture.v4l2.refused import refusal
from tests.capture.v4l2.shim import DEVICE, ShimCamera

M2M_CODEC = 0x04008000
METADATA = 0x04800000


def test_no_such_device(tmp_path: Path) -> None:
    missing = tmp_path / "video9"
    sentence = f"{missing}: there is no such device; plug the camera in, or name another one in `source`"
    assert refusal(str(missing)) == sentence


@pytest.mark.parametrize("device", ["/dev/null", "/dev"])
def test_something_else_than_a_v4l2_device(device: str) -> None:
    assert refusal(device) == f"{device}: no V4L2 device; name a camera such as /dev/video0 in `source`"


NO_PERMISSION = (
    "no permission to open it; add your user to the group video (sudo usermod -aG video $USER) and log in again"
)
IN_USE = f"in use by another program; end that, or name another one in `source`; `sudo fuser -v {DEVICE}` names it"
NO_BANDWIDTH = "no USB bandwidth left for it; plug it into another USB port, or lower `size` or `fps`"


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        ("open", errno.EACCES, NO_PERMISSION),
        ("open", errno.EBUSY, IN_USE),
        ("S_FMT", errno.EBUSY, IN_USE),
        ("REQBUFS", errno.EBUSY, IN_USE),
        ("STREAMON", errno.EBUSY, IN_USE),
        ("STREAMON", errno.ENOSPC, NO_BANDWIDTH),
        ("STREAMON", errno.EIO, "its driver refuses: Input/output error"),
        ("S_PARM", errno.EIO, "its driver refuses: Input/output error"),
        ("ENUM_FMT", errno.EIO, "its driver refuses: Input/output error"),
    ],
)
def test_the_driver_refuses(camera: ShimCamera, call: str, error: int, sentence: str) -> None:
    assert camera.having(REFUSE=f"{call}:{error}").run(refusal) == f"{DEVICE}: {sentence}"


@pytest.mark.parametrize("call", ["open", "QUERYCAP", "STREAMON"])
def test_it_is_pulled_out_while_being_opened(camera: ShimCamera, call: str) -> None:
    sentence = f"{DEVICE} is gone: it was unplugged or its driver failed"
    assert camera.having(REFUSE=f"{call}:{errno.ENODEV}").run(refusal) == sentence


def test_it_is_in_use_by_programs_that_we_can_see(camera: ShimCamera, tmp_path: Path) -> None:
    """The path in the configuration may be a link. Of many programs three are named."""
    node, link = tmp_path / "video0", tmp_path / "webcam"
    node.touch()
    link.symlink_to(node)
    busy = camera.having(DEV=link, REFUSE=f"S_FMT:{errno.EBUSY}")
    holders = []
    try:
        for number in range(4):
            with node.open() as file:
                holders.append(subprocess.Popen(["sleep", "60"], stdin=file))
            named = " and ".join(f"sleep (process {pid})" for pid in sorted(holder.pid for holder in holders)[:3])
            if number in (0, 3):
                sentence = f"{link}: in use by {named}; end that, or name another one in `source`"
                assert busy.run(refusal, str(link)) == sentence
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


@pytest.mark.parametrize("capabilities", [M2M_CODEC, METADATA, 0x00000001])
def test_a_node_that_is_no_camera(camera: ShimCamera, capabilities: int) -> None:
    sentence = (
        f"{DEVICE}: no camera but Shim MJPEG webcam (driver bcm2835-codec), "
        "which streams no pictures to programs; name another one in `source`"
    )
    assert camera.having(CAPS=hex(capabilities), DRIVER="bcm2835-codec").run(refusal) == sentence


@pytest.mark.parametrize(
    ("settings", "found"),
    [({"FORMATS": "pBAA,VP80"}, "pBAA, VP80"), ({"FORMATS": ""}, "no format"), ({"GIVES": "pBAA"}, "pBAA")],
    ids=["others", "none", "another-than-offered"],
)
def test_a_camera_without_a_format_for_us(camera: ShimCamera, settings: dict[str, str], found: str) -> None:
    usable = (
        "MJPG, JPEG, YUYV, UYVY, YVYU, VYUY, NV16, NV61, 422P, NV12, NV21, YU12, YV12, NV24, NV42, RGB3, BGR3, XR24, "
        "AR24, BGR4, RGB4, GREY, NM12, NM21, NM16, NM61, YM12, YM21 or YM16"
    )
    sentence = f"{DEVICE}: offers {found}; framebus takes {usable}; name another one in `source`"
    assert camera.having(**settings).run(refusal) == sentence


def test_a_driver_without_memory(camera: ShimCamera) -> None:
    sentence = f"{DEVICE}: its driver refuses: {os.strerror(errno.ENOMEM)}"
    assert camera.having(BUFFERS=0).run(refusal) == sentence
