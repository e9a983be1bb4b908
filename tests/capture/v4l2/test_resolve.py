"""Which node a camera's name means, on a sysfs as the kernel has it."""

from pathlib import Path

import pytest

from capture.source import SourceError
from capture.v4l2.resolve import Node, nodes, path_of, video_nodes


class Sysfs:
    """A folder like /sys, its cameras plugged in and out."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "class" / "video4linux"
        self.path.mkdir(parents=True)
        self._devices = folder / "devices"

    def plug_in(self, number: int, name: str, serial: str | None, port: str, index: int = 0) -> None:
        """A video node; `serial` None is no USB device at all."""
        usb = self._devices / "usb1" / port
        interface = usb / f"{port}:1.0"
        interface.mkdir(parents=True, exist_ok=True)
        (self._devices / "usb1" / "idVendor").write_text("1d6b\n")  # the hub, with a serial number of its own
        (self._devices / "usb1" / "serial").write_text("0000:00:14.0\n")
        if serial is not None:
            (usb / "idVendor").write_text("046d\n")
        if serial:
            (usb / "serial").write_text(f"{serial}\n")
        node = interface / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        (node / "device").symlink_to(interface)
        (self.path / node.name).symlink_to(node)


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    made = Sysfs(tmp_path)
    made.plug_in(2, "HD Pro Webcam C920", "3F2A1B20", "1-1")
    made.plug_in(3, "HD Pro Webcam C920", "3F2A1B20", "1-1", index=1)
    made.plug_in(0, "HD Pro Webcam C920", "99AA", "1-2")
    made.plug_in(10, "GENERAL WEBCAM", "", "1-3")
    return made


def test_each_camera_is_there_once_with_its_own_serial_number(sysfs: Sysfs) -> None:
    assert nodes(sysfs.path) == [
        Node("/dev/video0", "HD Pro Webcam C920", "99AA"),
        Node("/dev/video2", "HD Pro Webcam C920", "3F2A1B20"),
        Node("/dev/video10", "GENERAL WEBCAM", ""),
    ]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/dev/video7", "/dev/video7"),
        ("/dev/v4l/by-id/usb-046d_C920-video-index0", "/dev/v4l/by-id/usb-046d_C920-video-index0"),
        ("serial=3F2A1B20", "/dev/video2"),
        ("name=GENERAL WEBCAM", "/dev/video10"),
        ("name=general", "/dev/video10"),
    ],
)
def test_a_name_means_a_node(target: str, path: str, sysfs: Sysfs) -> None:
    assert path_of(target, sysfs.path) == path


def test_two_cameras_never_swap_whatever_their_numbers(tmp_path: Path) -> None:
    before, after = Sysfs(tmp_path / "before"), Sysfs(tmp_path / "after")
    before.plug_in(0, "Cam", "A", "1-1")
    before.plug_in(2, "Cam", "B", "1-2")
    after.plug_in(2, "Cam", "A", "1-1")
    after.plug_in(0, "Cam", "B", "1-2")
    assert [path_of("serial=A", sysfs.path) for sysfs in (before, after)] == ["/dev/video0", "/dev/video2"]


ALL = (
    "/dev/video0 (name=HD Pro Webcam C920, serial=99AA), /dev/video2 (name=HD Pro Webcam C920, serial=3F2A1B20), "
    "/dev/video10 (name=GENERAL WEBCAM)"
)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("serial=1234", f"v4l2:serial=1234: no such camera is plugged in; there is {ALL}"),
        ("name=Logitech", f"v4l2:name=Logitech: no such camera is plugged in; there is {ALL}"),
        (
            "name=c920",
            "v4l2:name=c920: found 2 such cameras: /dev/video0 (name=HD Pro Webcam C920, serial=99AA), "
            "/dev/video2 (name=HD Pro Webcam C920, serial=3F2A1B20); say which by serial or by path",
        ),
    ],
)
def test_none_or_too_many_is_told_with_what_there_is(target: str, sentence: str, sysfs: Sysfs) -> None:
    with pytest.raises(SourceError) as raised:
        path_of(target, sysfs.path)
    assert str(raised.value) == sentence


def test_a_machine_without_any_camera(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^v4l2:serial=A: no such camera is plugged in; there is none$"):
        path_of("serial=A", tmp_path)


def test_a_node_that_comes_changes_or_goes_is_noticed(tmp_path: Path) -> None:
    seen = [video_nodes(folder=str(tmp_path))]

    def changed() -> bool:
        seen.append(video_nodes(str(tmp_path / "by-id"), folder=str(tmp_path)))
        return seen[-1] != seen[-2]

    assert not changed()
    (tmp_path / "null").touch()
    assert not changed()
    (tmp_path / "video0").touch()
    assert changed()
    (tmp_path / "by-id").symlink_to(tmp_path / "video0")
    assert changed()
    assert not changed()
    (tmp_path / "video0").unlink()
    assert changed()
