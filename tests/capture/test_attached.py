"""The list of this machine's cameras, with a camera made of software."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from capture.attached import _lasting_source, _v4l2_camera, v4l2_cameras
from capture.v4l2.resolve import Node
from tests.capture.v4l2.shim import DEVICE, ShimCamera

LEFT = Node("/dev/video0", "HD Pro Webcam C920", "3F2A")
RIGHT = Node("/dev/video2", "HD Pro Webcam C920", "")


def found() -> dict[str, Any] | None:
    return _v4l2_camera(DEVICE, "v4l2:name=shim")


@pytest.mark.medium
def test_a_camera_is_listed_with_its_sizes_and_rates(camera: ShimCamera) -> None:
    entry = camera.run(found)
    assert entry is not None
    assert (entry["source"], entry["path"], entry["problem"]) == ("v4l2:name=shim", DEVICE, "")
    assert entry["name"]
    assert all(set(size) == {"size", "fps"} for size in entry["sizes"])
    assert entry["sizes"]


def test_a_device_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "video7").write_text("")
    (entry,) = v4l2_cameras(str(tmp_path), tmp_path)
    assert entry["source"] == f"v4l2:{tmp_path}/video7"
    assert entry["problem"].endswith("no V4L2 device; name a camera such as /dev/video0 in `source`")


@pytest.mark.parametrize(
    ("node", "nodes", "source"),
    [
        (LEFT, [LEFT, RIGHT], "v4l2:serial=3F2A"),
        (RIGHT, [LEFT, RIGHT], "v4l2:/dev/video2"),
        (RIGHT, [RIGHT], "v4l2:name=HD Pro Webcam C920"),
        (None, [], "v4l2:/dev/video2"),
    ],
)
def test_it_is_named_by_what_stays_when_another_is_plugged_in(
    node: Node | None, nodes: list[Node], source: str
) -> None:
    names, serials = Counter(each.name for each in nodes), Counter(each.serial for each in nodes)
    assert _lasting_source("/dev/video2", node, names, serials) == source
