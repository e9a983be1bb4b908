"""The cameras of a machine are found among all its video nodes."""

import errno
import logging
from pathlib import Path

import pytest

from capture.v4l2.device import NO_CAMERAS, capture_devices
from tests.capture.v4l2.shim import DEVICE, ShimCamera


def found(folder: str, also: list[str]) -> tuple[list[str], list[str]]:
    """The cameras, and the log."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("capture")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    return capture_devices(folder, also), lines


def test_cameras_are_listed_by_number(camera: ShimCamera, tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    folder.mkdir()
    nodes = {name: folder / name for name in ("video10", "video2", "video0", "video1", "video-front", "vbi3")}
    for name, node in nodes.items():
        node.symlink_to("nowhere") if name == "video1" else node.touch()
    cameras = ":".join(str(nodes[name]) for name in ("video10", "video2", "video-front", "vbi3"))
    devices, lines = camera.having(DEV=cameras).run(found, str(folder), [str(nodes["video2"])])
    assert devices == [str(nodes["video2"]), str(nodes["video10"])]
    assert lines == [
        f"{nodes['video0']}: no V4L2 device; name a camera such as /dev/video0 in `source`",
        f"{nodes['video1']}: there is no such device; plug the camera in, or name another one in `source`",
    ]


def test_a_path_can_be_named_as_well(camera: ShimCamera, tmp_path: Path) -> None:
    assert camera.run(found, str(tmp_path), [DEVICE]) == ([DEVICE], [])
    assert capture_devices(str(tmp_path)) == []


@pytest.mark.parametrize(
    "settings",
    [
        *({"DRIVER": driver} for driver in NO_CAMERAS),
        {"CAPS": "0x04008000"},
        {"FORMATS": "H264"},
        {"REFUSE": f"open:{errno.EACCES}"},
        {"REFUSE": f"QUERYCAP:{errno.EIO}"},
        {"REFUSE": f"ENUM_FMT:{errno.EIO}"},
    ],
    ids=str,
)
def test_nodes_that_are_left_out_with_a_reason(camera: ShimCamera, settings: dict[str, str], tmp_path: Path) -> None:
    devices, lines = camera.having(**settings).run(found, str(tmp_path), [DEVICE])
    assert devices == []
    assert [line.startswith(f"{DEVICE}: ") for line in lines] == [True]


@pytest.mark.parametrize("formats", ["MJPG", "NV12,YUYV", "JPEG"])
def test_cameras_are_known_by_their_formats(camera: ShimCamera, formats: str, tmp_path: Path) -> None:
    assert camera.having(FORMATS=formats).run(found, str(tmp_path), [DEVICE]) == ([DEVICE], [])
