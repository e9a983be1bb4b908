"""What is agreed with the driver of a V4L2 camera, and what happens when it fails."""

import errno
import io
import logging
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.source import Source, SourceError
from capture.sources.v4l2 import V4l2Source
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture.reading import frame
from tests.capture.sources.v4l2_camera import NEVER_STALE, SIZE, every_frame, opened, read_after_each
from tests.capture.v4l2.shim import (
    DEVICE,
    ShimCamera,
    tick,
)


def lines_of_opening(size: Size, fps: float) -> list[str]:
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(f"{record.levelname} {record.getMessage()}")  # type: ignore[method-assign]
    logger = logging.getLogger("capture")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    source = V4l2Source(DEVICE, size, fps, 90)
    source.open()
    tick()
    assert source.read(every_frame(), 1)
    source.close()
    source.close()
    return lines


def test_it_says_what_the_camera_gives(camera: ShimCamera) -> None:
    lines = camera.run(lines_of_opening, SIZE, 29.97)
    assert lines == ["INFO v4l2:/dev/video-shim: MJPG 64x48 at 29.97 fps"]


def test_a_camera_that_gives_something_else(camera: ShimCamera) -> None:
    lines = camera.having(BUFFERS=1, FORMATS="H264,JPEG").run(lines_of_opening, Size(1280, 720), 15)
    assert lines == [
        "INFO v4l2:/dev/video-shim: JPEG 64x48 at 15 fps (asked for 1280x720 at 15 fps)",
        "WARNING v4l2:/dev/video-shim: the driver gave 1 buffer of 4: it will lose frames",
    ]
    without_rate = camera.having(REFUSE=f"S_PARM:{errno.ENOTTY}")
    assert without_rate.run(lines_of_opening, SIZE, 15) == ["INFO v4l2:/dev/video-shim: MJPG 64x48 at 15 fps"]


def formats_of(offers: list[str]) -> list[str]:
    found = []
    for offer in offers:
        os.environ["V4L2SHIM_FORMATS"] = offer
        found.append(lines_of_opening(SIZE, 15)[0].split()[2])
    return found


def test_the_cameras_own_jpeg_is_preferred(camera: ShimCamera) -> None:
    assert camera.run(formats_of, ["YUYV,MJPG", "JPEG,YUYV", "H264,JPEG,MJPG"]) == ["MJPG", "JPEG", "MJPG"]


def test_its_name_is_as_in_the_configuration() -> None:
    source = V4l2Source("/dev/video0", SIZE, 30, 80)
    assert source.name == "v4l2:/dev/video0"
    source.close()  # which is allowed before it is opened


@pytest.fixture
def yuyv_camera(camera: ShimCamera) -> ShimCamera:
    """Without MJPEG: the left half red, the right half blue, in the limited range of BT.601."""
    line = bytes((81, 90, 81, 240)) * 16 + bytes((41, 240, 41, 110)) * 16
    (camera.pictures / "0.yuyv").write_bytes(line * 48)
    return camera.having(FORMATS="YUYV,NV12", SIZE="64x48")


def pixels(jpeg: bytes) -> tuple[object, object]:
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (64, 48)
        decoded = picture.convert("RGB")
    return decoded.getpixel((16, 24)), decoded.getpixel((48, 24))


def test_yuyv_becomes_jpeg(yuyv_camera: ShimCamera) -> None:
    (picture,), _, in_driver = yuyv_camera.run(read_after_each, [1])
    assert picture is not None
    assert pixels(picture.jpeg) == (pytest.approx((255, 0, 0), abs=6), pytest.approx((0, 0, 255), abs=6))
    assert in_driver == 4


def test_a_driver_that_says_that_its_range_is_full(yuyv_camera: ShimCamera) -> None:
    """Y 81, V 240 then mean a red of 81 + 1.402 (240 - 128), as JFIF has it, and not of 255."""
    (picture,), _, _ = yuyv_camera.having(QUANTIZATION=1).run(read_after_each, [1])
    assert picture is not None
    assert pixels(picture.jpeg)[0] == pytest.approx((238, 14, 14), abs=6)


def test_yuyv_that_is_cut_off_counts_as_lost(yuyv_camera: ShimCamera) -> None:
    found, dropped, in_driver = yuyv_camera.having(PATTERN="s.s0").run(read_after_each, [1, 1, 2])
    assert [picture is not None for picture in found] == [False, True, False]
    assert (dropped, in_driver) == (3, 4)


def reason_of(source: Source, rate_control: RateControl) -> str:
    """Of its failure, which may take a frame or two."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            source.read(rate_control, 1)
        except SourceError as error:
            return str(error)
    return "it goes on"


def pulled_out(fault: Path) -> list[str]:
    source, rate_control = opened(30), every_frame()
    told = [f"{len(frame(source, rate_control).jpeg) > 100}"]
    fault.write_text("gone")
    told.append(reason_of(source, rate_control))
    source.close()
    try:
        source.open()
    except SourceError as error:
        told.append(str(error))
    source.close()
    fault.unlink()
    source.open()
    told.append(f"{len(frame(source, rate_control).jpeg) > 100}")
    source.close()
    return told


def test_a_camera_is_pulled_out_and_plugged_in_again(camera: ShimCamera, tmp_path: Path) -> None:
    assert camera.having(FPS=30, FAULT=tmp_path / "fault").run(pulled_out, tmp_path / "fault") == [
        "True",
        "/dev/video-shim is gone: it was unplugged or its driver failed",
        "/dev/video-shim: there is no such device; plug the camera in, or name another one in `source`",
        "True",
    ]


def failing_calls(calls: list[str]) -> list[str]:
    told = []
    for call in calls:
        os.environ["V4L2SHIM_REFUSE"] = ""
        source = opened()
        tick()
        os.environ["V4L2SHIM_REFUSE"] = call
        told.append(reason_of(source, every_frame()))
        source.close()
    return told


def test_a_driver_that_fails(camera: ShimCamera) -> None:
    gone = "/dev/video-shim is gone: it was unplugged or its driver failed"
    assert (
        camera.run(failing_calls, [f"DQBUF:{errno.EIO}", f"DQBUF:{errno.ENODEV}", f"QBUF:{errno.ENODEV}"]) == [gone] * 3
    )


def broken(fault: Path) -> str:
    source = opened()
    fault.write_text("broken")
    tick()
    reason = reason_of(source, every_frame())
    source.close()
    return reason


def test_a_driver_whose_poll_alone_says_that_it_fails(camera: ShimCamera, tmp_path: Path) -> None:
    reason = camera.having(FAULT=tmp_path / "fault").run(broken, tmp_path / "fault")
    assert reason == "/dev/video-shim is gone: it was unplugged or its driver failed"


def hung(fault: Path) -> tuple[Picture | None, Picture]:
    source, rate_control = opened(30), every_frame()
    frame(source, rate_control)
    fault.write_text("hang")
    source.read(rate_control, 1)  # one that came before
    silence = source.read(rate_control, 1)
    fault.unlink()
    afterwards = frame(source, rate_control)
    source.close()
    return silence, afterwards


def test_a_camera_that_hangs_for_a_while(camera: ShimCamera, tmp_path: Path) -> None:
    silence, afterwards = camera.having(FPS=30, FAULT=tmp_path / "fault").run(hung, tmp_path / "fault")
    assert silence is None
    assert afterwards.jpeg


def usage_over_cycles(refused: str) -> tuple[int, int]:
    """How many more descriptors, and bytes of address space, there are after fifty times."""
    source, rate_control = V4l2Source(DEVICE, SIZE, NEVER_STALE, 90), every_frame()

    def cycle() -> None:
        try:
            source.open()
            tick()
            frame(source, rate_control)
        except SourceError:
            assert refused
        source.close()

    def usage() -> tuple[int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE")

    cycle()
    before = usage()
    for _ in range(50):
        cycle()
    after = usage()
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.parametrize("refused", ["", "QUERYCAP", "QBUF", "STREAMON", "DQBUF"])
def test_no_descriptor_and_no_mapping_is_left_behind(camera: ShimCamera, refused: str) -> None:
    descriptors, address_space = camera.having(REFUSE=f"{refused}:{errno.EIO}").run(usage_over_cycles, refused)
    assert descriptors == 0
    assert address_space < 40 << 20  # one buffer of 4 MiB left behind each time would make 200


def opened_as(size: Size, fps: float) -> tuple[str, Size]:
    source = V4l2Source(DEVICE, size, fps, 90)
    source.open()
    given = source._format
    source.close()
    return given.fourcc, given.size


@pytest.mark.parametrize(
    ("wanted", "size"), [(Size(640, 480), Size(640, 480)), (Size(700, 500), Size(640, 480)), (Size(4000, 3000), SIZE)]
)
def test_the_nearest_offered_size_is_asked_for(camera: ShimCamera, wanted: Size, size: Size) -> None:
    offering = camera.having(SIZES="64x48@30,640x480@30")
    if size == SIZE:
        offering = camera.having(SIZES="64x48@30,16x16@30")
    assert offering.run(opened_as, wanted, 30) == ("MJPG", size)


def plugged_in_again(fault: Path) -> list[bool]:
    fault.write_text("gone")
    source = V4l2Source(DEVICE, SIZE, 30, 90)
    with pytest.raises(SourceError):
        source.open()
    changes = [source.changed()]
    fault.unlink()
    changes += [source.changed(), source.changed()]
    source.close()
    return changes


def test_a_node_that_can_be_opened_again_is_a_change(camera: ShimCamera, tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    assert camera.having(FAULT=fault).run(plugged_in_again, fault) == [False, True, False]


def test_a_device_node_that_appears_is_a_change(tmp_path: Path) -> None:
    node = tmp_path / "webcam"
    source = V4l2Source(str(node), SIZE, 30, 90)
    with pytest.raises(SourceError, match="there is no such device"):
        source.open()
    assert not source.changed()
    node.touch()
    assert source.changed()
    assert not source.changed()
    source.close()
