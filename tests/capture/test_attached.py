"""The list of this machine's cameras, with a camera made of software."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from capture.attached import _lasting_source, _pi_sizes, _v4l2_camera, v4l2_cameras
from capture.v4l2.resolve import Node
from framebus.config.camera import CameraConfig
from framebus.config.size import Size
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
    assert entry["sizes"]
    for size in entry["sizes"]:
        assert set(size) == {"size", "fps", "rates"}
        assert size["rates"] == sorted(set(size["rates"]), reverse=True)
        assert size["fps"] == size["rates"][0]


def test_a_pi_camera_has_its_modes_and_what_is_scaled_from_them() -> None:
    modes = {Size(4608, 2592): 14.35, Size(2304, 1296): 56.03, Size(1280, 720): 120.0}
    sizes = {entry["size"]: entry for entry in _pi_sizes(modes)}
    assert list(sizes) == ["4608x2592", "2304x1296", "1920x1080", "1280x720", "640x480"]
    assert {size: entry["fps"] for size, entry in sizes.items()} == {
        "4608x2592": 14.35,
        "2304x1296": 56.03,
        "1920x1080": 56.03,
        "1280x720": 120.0,
        "640x480": 120.0,
    }
    assert sizes["4608x2592"]["rates"] == [14.35, 10.0, 5.0]
    assert sizes["1280x720"]["rates"] == [120.0, 60.0, 30.0, 25.0, 15.0, 10.0, 5.0]


def test_nothing_is_listed_that_the_configuration_refuses() -> None:
    """A sensor of 64 megapixels, and one of 253 frames a second."""
    largest, fastest = Size(9152, 6944), Size(640, 400)
    sizes = _pi_sizes({largest: 2.7, Size(4624, 3472): 10.0, fastest: 253.05, Size(8, 8): 30.0})
    assert {entry["size"] for entry in sizes} == {"4624x3472", "1920x1080", "1280x720", "640x480", "640x400"}
    for entry in sizes:
        assert str(Size.parse(entry["size"])) == entry["size"]
        assert all(convert({"fps": rate}, CameraConfig).fps == rate for rate in (entry["fps"], *entry["rates"]))


def test_of_a_pi_camera_that_does_not_say_common_sizes_are_listed() -> None:
    sizes = _pi_sizes({})
    assert [entry["size"] for entry in sizes] == ["1920x1080", "1280x720", "640x480"]
    assert all((entry["fps"], entry["rates"]) == (0.0, []) for entry in sizes)


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
