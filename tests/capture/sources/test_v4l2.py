"""The V4L2 source hands over the newest frame, untouched and fresh, counts what is lost, and gives every buffer back.

Most cameras here take a frame only when told to; of those that run by themselves no test expects an exact timing.
"""

import errno
import io
import itertools
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
from tests.capture.conftest import COLOURS, jpeg_of
from tests.capture.v4l2.shim import (
    COMMENT_BYTES,
    DEVICE,
    ShimCamera,
    queued,
    taken_at,
    tick,
    ticking,
    without_comment,
)
from tests.processes import wait_until

SIZE = Size(64, 48)
NEVER_STALE = 0.0001
"""A rate at which a frame of this test cannot grow too old, however slow the machine is."""


def opened(fps: float = NEVER_STALE) -> V4l2Source:
    source = V4l2Source(DEVICE, SIZE, fps, 90)
    source.open()
    return source


def every_frame() -> RateControl:
    return RateControl(1000)


def frame(source: Source, rate_control: RateControl) -> Picture:
    """The next one that comes."""
    found: list[Picture] = []

    def comes() -> bool:
        found.extend(filter(None, [source.read(rate_control, 1)]))
        return bool(found)

    wait_until(comes, "a frame")
    return found[0]


def read_after_each(ticks: list[int]) -> tuple[list[Picture | None], int, int]:
    """Let the camera take so many frames, read once, and so on; with what was lost, and the buffers the driver has."""
    source, rate_control = opened(), every_frame()
    found = []
    for frames in ticks:
        tick(frames)
        found.append(source.read(rate_control, 1))
    in_driver = queued()
    source.close()
    return found, source.dropped, in_driver


def colours(pictures: list[Picture | None]) -> list[str | None]:
    names = {jpeg_of(colour): colour for colour in COLOURS}
    return [names[without_comment(picture.jpeg)] if picture else None for picture in pictures]


# --- what is handed over ---


def without_tables(jpeg: bytes) -> bytes:
    """The Huffman tables left out, as many cameras do."""
    while (at := jpeg.find(b"\xff\xc4")) >= 0:
        jpeg = jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4]) :]
    return jpeg


@pytest.mark.parametrize(
    "jpeg",
    [jpeg_of("red"), without_tables(jpeg_of("red")), jpeg_of("red") + bytes(1000), jpeg_of("red")[:-40], b"\xff\xd8"],
    ids=["complete", "without-huffman-tables", "with-something-behind-it", "cut-off", "nothing-but-its-beginning"],
)
def test_the_cameras_bytes_are_handed_over_untouched(camera: ShimCamera, jpeg: bytes) -> None:
    for file in camera.pictures.iterdir():
        file.unlink()
    (camera.pictures / "0.jpg").write_bytes(jpeg)
    (picture,), _, in_driver = camera.run(read_after_each, [1])
    assert picture is not None
    stamp = b"\xff\xfe\x00\x17TS%019d" % int(taken_at(picture.jpeg) * 1e9 + 0.5)
    assert len(stamp) == 25
    assert picture.jpeg[:8] + picture.jpeg[27:] == jpeg[:2] + stamp[:6] + jpeg[2:]
    assert in_driver == 4


def test_the_times_are_the_drivers(camera: ShimCamera) -> None:
    (picture,), _, _ = camera.having(LATENCY=3).run(read_after_each, [1])
    assert picture is not None
    assert picture.monotonic == pytest.approx(taken_at(picture.jpeg), abs=2e-6)
    assert picture.captured - picture.monotonic == pytest.approx(time.time() - time.monotonic(), abs=0.5)
    assert picture.metadata == {}


def between() -> tuple[float, float, float]:
    source = opened()
    before = time.monotonic()
    tick()
    picture = frame(source, every_frame())
    after = time.monotonic()
    source.close()
    return before, picture.monotonic, after


@pytest.mark.parametrize("clock", ["unknown", "wall"])
def test_a_driver_with_another_clock_or_none(camera: ShimCamera, clock: str) -> None:
    before, monotonic, after = camera.having(CLOCK=clock).run(between)
    assert before <= monotonic <= after


def test_the_newest_wins(camera: ShimCamera) -> None:
    found, dropped, in_driver = camera.run(read_after_each, [1, 3, 0, 1])
    assert colours(found) == [COLOURS[0], COLOURS[3], None, COLOURS[4]]
    assert (dropped, in_driver) == (0, 4)


# --- what is lost ---


@pytest.mark.parametrize(
    ("pattern", "ticks", "handed_over", "lost"),
    [
        (".xx.", [1, 3], [0, 1], 2),
        (".e", [2], [0], 1),
        ("e.", [2], [1], 1),
        (".0", [2], [0], 1),
        ("eee0", [4], [None], 4),
        ("ex0.", [1, 1, 1, 1], [None, None, None, 2], 3),
    ],
    ids=["gap", "newest-bad", "oldest-bad", "empty", "all-bad", "one-of-each"],
)
def test_frames_that_the_driver_lost(
    camera: ShimCamera, pattern: str, ticks: list[int], handed_over: list[int | None], lost: int
) -> None:
    found, dropped, in_driver = camera.having(PATTERN=pattern).run(read_after_each, ticks)
    assert colours(found) == [None if index is None else COLOURS[index] for index in handed_over]
    assert (dropped, in_driver) == (lost, 4)


def test_frames_lost_because_we_were_slow(camera: ShimCamera) -> None:
    """One, then ten while it is not read: the driver has room for four of them."""
    found, dropped, in_driver = camera.run(read_after_each, [1, 10, 1])
    assert colours(found) == [COLOURS[0], COLOURS[4], COLOURS[5]]
    assert (dropped, in_driver) == (6, 4)


def test_a_driver_that_does_not_number_its_frames(camera: ShimCamera) -> None:
    _, dropped, _ = camera.having(UNNUMBERED=1).run(read_after_each, [1, 2, 1])
    assert dropped == 0


def idle_then_live() -> list[int]:
    source, rate_control = opened(), RateControl(NEVER_STALE / 10)
    dropped = []

    def read_until_none_is_due() -> None:
        while source.read(rate_control, 1):
            pass
        dropped.append(source.dropped)

    def read() -> None:
        assert source.read(rate_control, 1)
        dropped.append(source.dropped)

    tick()
    read_until_none_is_due()
    tick(10)
    rate_control.set(NEVER_STALE / 5)  # still idle, but at a new rate a frame is due at once
    read_until_none_is_due()
    tick(10)
    rate_control.set(1000)
    read()
    tick()
    read()
    os.environ["V4L2SHIM_PATTERN"] = "x"
    tick()
    os.environ["V4L2SHIM_PATTERN"] = "."
    tick()
    read()
    source.close()
    return dropped


def test_what_is_left_out_on_purpose_is_not_lost(camera: ShimCamera) -> None:
    assert camera.run(idle_then_live) == [0, 0, 0, 0, 1]


def test_half_a_jpeg_is_for_the_reader_to_judge(camera: ShimCamera) -> None:
    (picture,), dropped, in_driver = camera.having(PATTERN="s").run(read_after_each, [1])
    assert picture is not None
    assert without_comment(picture.jpeg) == jpeg_of(COLOURS[0])[: len(picture.jpeg) - COMMENT_BYTES]
    assert (dropped, in_driver) == (0, 4)


def reopened() -> list[int]:
    source, rate_control = opened(), every_frame()
    dropped = []
    for frames in (1, 3, 1):
        tick(frames)
        frame(source, rate_control)
        dropped.append(source.dropped)
    source.close()
    os.environ["V4L2SHIM_PATTERN"] = "xxx.x."
    source.open()
    tick(4)
    frame(source, rate_control)
    dropped.append(source.dropped)
    tick(2)
    frame(source, rate_control)
    dropped.append(source.dropped)
    source.close()
    return dropped


def test_the_count_goes_on_when_it_is_opened_again(camera: ShimCamera) -> None:
    """The frames that pass between close and open are no loss."""
    assert camera.having(PATTERN="..x..").run(reopened) == [0, 1, 1, 1, 2]


# --- fresh or none ---


def after_a_pause(fps: float) -> tuple[float, float]:
    source = opened(fps)
    tick(4)
    time.sleep(0.3)
    began = time.monotonic()
    with ticking():
        picture = frame(source, every_frame())
    source.close()
    return began, taken_at(picture.jpeg)


@pytest.mark.parametrize("clock", ["monotonic", "unknown"])
def test_old_pictures_in_the_drivers_queue_are_not_handed_over(camera: ShimCamera, clock: str) -> None:
    began, taken = camera.having(CLOCK=clock).run(after_a_pause, 30)
    assert taken >= began


def nothing_but_old_pictures() -> tuple[Picture | None, int]:
    source = opened(30)
    tick(4)
    time.sleep(0.3)
    picture = source.read(every_frame(), 1)
    in_driver = queued()
    source.close()
    return picture, in_driver


def test_no_picture_is_better_than_an_old_one(camera: ShimCamera) -> None:
    assert camera.run(nothing_but_old_pictures) == (None, 4)


def at_one_a_second() -> tuple[list[float], int]:
    """How long before the call of `read` each picture was taken, and what was lost."""
    source, rate_control = opened(30), RateControl(1)
    ages: list[float] = []
    deadline = time.monotonic() + 15
    while len(ages) < 3 and time.monotonic() < deadline:
        called = time.monotonic()
        picture = source.read(rate_control, 1)
        if picture:
            ages.append(called - taken_at(picture.jpeg))
    source.close()
    return ages, source.dropped


def test_idle_pictures_are_fresh(camera: ShimCamera) -> None:
    """`read` waits for half a second, and old pictures would be from 0.8 s before it returns."""
    ages, dropped = camera.having(FPS=30).run(at_one_a_second)
    assert len(ages) == 3
    assert max(ages) < 0.25
    assert dropped == 0


def after_one_that_was_waited_for() -> Picture | None:
    source, rate_control = opened(1), every_frame()
    with ticking():
        frame(source, rate_control)
    tick()
    picture = source.read(rate_control, 1)
    source.close()
    return picture


def test_a_camera_whose_pictures_always_come_late(camera: ShimCamera) -> None:
    """Five seconds late, at one frame a second: nothing younger is to be had."""
    assert camera.having(LATENCY=5).run(after_one_that_was_waited_for) is not None


# --- the rate ---


def for_two_seconds(fps: float) -> list[float]:
    source, rate_control = opened(30), RateControl(fps)
    taken = []
    end = time.monotonic() + 2
    while time.monotonic() < end:
        picture = source.read(rate_control, 1)
        if picture:
            taken.append(taken_at(picture.jpeg))
    source.close()
    return taken


def test_a_rate_like_the_cameras_leaves_nothing_out(camera: ShimCamera) -> None:
    taken = camera.having(FPS=30).run(for_two_seconds, 30)
    steps = [round((after - before) * 30) for before, after in itertools.pairwise(taken)]
    assert steps.count(1) > 0.7 * len(steps) > 20  # a busy machine loses some, a wrong rate every other one


def test_a_slower_rate_thins_out(camera: ShimCamera) -> None:
    assert 10 <= len(camera.having(FPS=30).run(for_two_seconds, 10)) <= 25


def stopped() -> Picture | None:
    source, rate_control = opened(), every_frame()
    rate_control.stop()
    tick()
    picture = source.read(rate_control, 1)
    source.close()
    return picture


def test_no_frame_is_taken_when_none_is_due(camera: ShimCamera) -> None:
    assert camera.run(stopped) is None


# --- what is agreed with the driver ---


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


# --- YUYV ---


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


# --- a camera that fails while it streams ---


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


# --- nothing is left behind ---


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


# --- what is offered ---


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
