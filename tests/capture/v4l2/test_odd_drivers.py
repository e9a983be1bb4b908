"""Drivers that do something else than most: their clock, their sizes, their colours, their planes, their formats."""

import io
import logging
import sys
import time
from fractions import Fraction

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.sources.v4l2 import V4l2Source
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture.v4l2.refused import refusal
from tests.capture.v4l2.shim import DEVICE, ShimCamera, tick, ticking
from tests.processes import wait_until

SIZE = Size(64, 48)
MULTIPLANAR = "0x04001000"
"""V4L2_CAP_STREAMING and V4L2_CAP_VIDEO_CAPTURE_MPLANE."""
RED = (255, 0, 0)
BLUE = (0, 0, 255)


def opened(fps: float = 30) -> V4l2Source:
    source = V4l2Source(DEVICE, SIZE, fps, 90)
    source.open()
    return source


def pictures(source: V4l2Source, count: int, fps: float = 1000) -> list[Picture]:
    """The next ones that come."""
    rate_control, found = RateControl(fps), list[Picture]()

    def enough() -> bool:
        found.extend(filter(None, [source.read(rate_control, 1)]))
        return len(found) >= count

    wait_until(enough, f"{count} pictures")
    return found


def colours(jpeg: bytes) -> tuple[object, object]:
    """Of the left and the right half."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        decoded = picture.convert("RGB")
    return decoded.getpixel((16, 24)), decoded.getpixel((48, 24))


# --- the clock ---


def ages_and_log(count: int, fps: float) -> tuple[list[float], list[str]]:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("capture").addHandler(handler)
    source = opened()
    ages = []
    for _ in range(2):  # the driver is the same after it was opened again
        for _ in range(count):
            (picture,) = pictures(source, 1, fps)
            ages.append(time.monotonic() - picture.monotonic)
        source.close()
        source.open()
    source.close()
    return ages, lines


@pytest.mark.parametrize("lag", [3, 15, 300])
@pytest.mark.parametrize("fps", [30, 2])
def test_a_driver_whose_clock_lies_far_back_is_not_believed(camera: ShimCamera, lag: float, fps: float) -> None:
    ages, lines = camera.having(FPS=30, LATENCY=lag).run(ages_and_log, 3, fps)
    assert max(ages) < 1
    sentence = f"{DEVICE}: the timestamps of its driver are {lag} s old; framebus uses the time at which each frame "
    assert [line for line in lines if "timestamps" in line] == [f"{sentence}arrives instead"]


def test_a_camera_that_is_a_second_late_is_believed(camera: ShimCamera) -> None:
    ages, lines = camera.having(FPS=30, LATENCY=1).run(ages_and_log, 3, 30)
    assert min(ages) > 0.9
    assert not [line for line in lines if "timestamps" in line]


def with_a_frozen_clock() -> tuple[float, bool, str]:
    """How old the oldest picture was that was handed over within some seconds, and whether the last second had one."""
    source, rate_control = opened(), RateControl(1000)
    oldest, last, end = 0.0, 0.0, time.monotonic() + 4
    while time.monotonic() < end:
        picture = source.read(rate_control, 1)
        if picture is not None:
            last = time.monotonic()
            oldest = max(oldest, last - picture.monotonic)
    flaw = source.flaw
    source.close()
    return oldest, end - last < 1, flaw


def test_a_driver_that_repeats_an_old_frame_is_not_taken_to_have_a_wrong_clock(camera: ShimCamera) -> None:
    oldest, goes_on, flaw = camera.having(FPS=30, FREEZE=10).run(with_a_frozen_clock)
    assert oldest < 3
    assert not goes_on
    assert flaw.startswith("the driver repeats a frame that is ")


# --- frames that are damaged ---


def flaw_of_damaged_frames() -> list[str]:
    source, rate_control = opened(), RateControl(1000)
    flaws = [source.flaw]
    for _ in range(3):
        tick()
        assert source.read(rate_control, 1) is None
    flaws.append(source.flaw)
    source.close()
    return flaws


def test_frames_that_the_driver_marks_are_the_reason(camera: ShimCamera) -> None:
    assert camera.having(PATTERN="e").run(flaw_of_damaged_frames) == [
        "",
        "the driver marked the last 3 frames as damaged",
    ]


def test_frames_that_are_too_short_are_the_reason(raw_camera: ShimCamera) -> None:
    assert raw_camera.having(PATTERN="s").run(flaw_of_damaged_frames)[-1] == (
        "the last 3 frames were incomplete (3072 bytes instead of 6144)"
    )


# --- sizes ---


ANY = "allowed: 1x1 to 16384x16384; name another one in `source`"


@pytest.mark.parametrize(
    ("formats", "size", "allowed"),
    [
        ("YUYV", "0x0", ANY),
        ("MJPG", "0x0", ANY),
        ("YUYV", "64x0", ANY),
        ("YUYV", "4294967295x4294967295", ANY),
        ("MJPG", "65536x16", ANY),
        ("YUYV", "16384x16384", "allowed: at most 66 million pixels in YUYV; name another one in `source`"),
        ("GREY", "10000x10000", "allowed: at most 66 million pixels in GREY; name another one in `source`"),
    ],
)
def test_a_driver_with_a_size_that_no_camera_has(raw_camera: ShimCamera, formats: str, size: str, allowed: str) -> None:
    said = raw_camera.having(FORMATS=formats, SIZE=size).run(refusal)
    assert said == f"{DEVICE}: its driver gives pictures of {size}; {allowed}"


def test_sizes_of_nothing_among_others_are_left_out(camera: ShimCamera) -> None:
    assert camera.having(SIZES="0x0@30,64x48@30,64x0@30").run(refusal) == "none"


# --- layouts and colours ---


@pytest.fixture
def raw_camera(camera: ShimCamera) -> ShimCamera:
    """Without MJPEG: the left half red, the right half blue, in the limited range of BT.601."""
    line = bytes((81, 90, 81, 240)) * 16 + bytes((41, 240, 41, 110)) * 16
    (camera.pictures / "0.yuyv").write_bytes(line * 48)
    return camera.having(FORMATS="YUYV", SIZE="64x48")


def one_picture() -> bytes:
    source = opened()
    with ticking():
        (picture,) = pictures(source, 1)
    source.close()
    return picture.jpeg


def near(colour: tuple[int, int, int]) -> object:
    return pytest.approx(colour, abs=8)


def test_yvyu(raw_camera: ShimCamera) -> None:
    line = bytes((81, 240, 81, 90)) * 16 + bytes((41, 110, 41, 240)) * 16
    (raw_camera.pictures / "0.yuyv").write_bytes(line * 48)
    assert colours(raw_camera.having(FORMATS="YVYU").run(one_picture)) == (near(RED), near(BLUE))


@pytest.mark.parametrize("fourcc", ["UYVY", "NV12", "NV21", "YU12", "YV12", "NV16", "NV24"])
def test_other_layouts(raw_camera: ShimCamera, fourcc: str) -> None:
    luma = (bytes([81]) * 32 + bytes([41]) * 32) * 48
    blue, red = (bytes([left]) * 16 + bytes([right]) * 16 for left, right in ((90, 240), (240, 110)))
    pairs = bytes(value for pair in zip(blue, red, strict=True) for value in pair)
    data = {
        "UYVY": (bytes((90, 81, 240, 81)) * 16 + bytes((240, 41, 110, 41)) * 16) * 48,
        "NV16": luma + pairs * 48,
        "NV24": luma + (bytes((90, 240)) * 32 + bytes((240, 110)) * 32) * 48,
        "NV12": luma + pairs * 24,
        "NV21": luma + bytes(value for pair in zip(red, blue, strict=True) for value in pair) * 24,
        "YU12": luma + blue * 24 + red * 24,
        "YV12": luma + red * 24 + blue * 24,
    }
    (raw_camera.pictures / "0.yuyv").write_bytes(data[fourcc])
    assert colours(raw_camera.having(FORMATS=fourcc).run(one_picture)) == (near(RED), near(BLUE))


@pytest.mark.parametrize("fourcc", ["RGB3", "BGR3"])
def test_rgb(raw_camera: ShimCamera, fourcc: str) -> None:
    red, blue = (bytes(RED), bytes(BLUE)) if fourcc == "RGB3" else (bytes(BLUE), bytes(RED))
    (raw_camera.pictures / "0.yuyv").write_bytes((red * 32 + blue * 32) * 48)
    assert colours(raw_camera.having(FORMATS=fourcc).run(one_picture)) == (near(RED), near(BLUE))


@pytest.mark.parametrize(
    "settings",
    [{"YCBCR": 2}, {"COLORSPACE": 3}, {"COLORSPACE": 8, "YCBCR": 2}],
    ids=["ycbcr_enc-709", "colorspace-rec709", "srgb-with-709"],
)
def test_yuyv_of_bt_709(raw_camera: ShimCamera, settings: dict[str, int]) -> None:
    """Red and blue as BT.709 has them in 8 bits: 63, 102, 240 and 32, 240, 118."""
    line = bytes((63, 102, 63, 240)) * 16 + bytes((32, 240, 32, 118)) * 16
    (raw_camera.pictures / "0.yuyv").write_bytes(line * 48)
    assert colours(raw_camera.having(**settings).run(one_picture)) == (near(RED), near(BLUE))


def test_bt_601_that_is_said_outdoes_the_colour_space(raw_camera: ShimCamera) -> None:
    assert colours(raw_camera.having(COLORSPACE=3, YCBCR=1).run(one_picture)) == (near(RED), near(BLUE))


# --- planes ---


def test_a_multi_planar_driver_with_one_plane(raw_camera: ShimCamera) -> None:
    assert colours(raw_camera.having(CAPS=MULTIPLANAR).run(one_picture)) == (near(RED), near(BLUE))


def test_a_multi_planar_driver_with_motion_jpeg(camera: ShimCamera) -> None:
    assert camera.having(CAPS=MULTIPLANAR).run(one_picture).startswith(b"\xff\xd8")


def test_a_multi_planar_driver_with_two_planes(raw_camera: ShimCamera) -> None:
    assert raw_camera.having(CAPS=MULTIPLANAR, PLANES=2, FORMATS="NV12").run(refusal) == (
        f"{DEVICE}: gives NV12 in 2 planes of memory; framebus reads one; name another one in `source`"
    )


LUMA = (bytes([81]) * 32 + bytes([41]) * 32) * 48
RED_CHROMA, BLUE_CHROMA = (90, 240), (240, 110)
"""Cb and Cr of the left and the right half."""


def pairs(rows: int) -> bytes:
    return (bytes(RED_CHROMA) * 16 + bytes(BLUE_CHROMA) * 16) * rows


def bands(rows: int) -> list[bytes]:
    halves = zip(RED_CHROMA, BLUE_CHROMA, strict=True)
    return [(bytes([left]) * 16 + bytes([right]) * 16) * rows for left, right in halves]


@pytest.mark.parametrize("padding", [0, 640])
@pytest.mark.parametrize(
    ("fourcc", "planes", "chroma"),
    [
        ("NM12", 2, pairs(24)),
        ("NM16", 2, pairs(48)),
        ("YM12", 3, b"".join(bands(24))),
        ("YM21", 3, b"".join(reversed(bands(24)))),
        ("YM16", 3, b"".join(bands(48))),
    ],
)
def test_planes_in_memories_of_their_own(
    raw_camera: ShimCamera, fourcc: str, planes: int, chroma: bytes, padding: int
) -> None:
    (raw_camera.pictures / "0.yuyv").write_bytes(LUMA + chroma)
    camera = raw_camera.having(CAPS=MULTIPLANAR, PLANES=planes, FORMATS=fourcc, PADDING=padding)
    assert colours(camera.run(one_picture)) == (near(RED), near(BLUE))


# --- compressed video ---


@pytest.fixture
def h264_camera(camera: ShimCamera) -> ShimCamera:
    """Nothing but H.264: 30 pictures of the right half blue, the left half red, with a key frame each 10."""
    av = pytest.importorskip("av", reason="the extra av is not installed")
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 64, 48, "yuv420p"
    context.framerate, context.time_base = Fraction(30), Fraction(1, 30)
    context.options = {"tune": "zerolatency", "x264-params": "keyint=10:min-keyint=10:scenecut=0:repeat-headers=1"}
    picture = Image.new("RGB", (64, 48), RED)
    picture.paste(BLUE, (32, 0, 64, 48))
    units = []
    for number in range(30):
        frame = av.VideoFrame.from_image(picture)
        frame.pts = number
        units += [bytes(packet) for packet in context.encode(frame)]
    units += [bytes(packet) for packet in context.encode(None)]
    assert len(units) == 30
    for number, unit in enumerate(units):
        (camera.pictures / f"{number:02}.h264").write_bytes(unit)
    return camera.having(FORMATS="H264", SIZE="64x48", FPS=30)


def video(count: int, fps: float) -> tuple[list[bytes], int, str]:
    source = opened()
    waited = source.waiting
    found = pictures(source, count, fps)
    lost = source.dropped
    source.close()
    return [picture.jpeg for picture in found], lost, waited


def test_a_camera_with_nothing_but_h264_is_decoded(h264_camera: ShimCamera) -> None:
    jpegs, _, waited = h264_camera.run(video, 20, 1000)
    assert waited == "waiting for a key frame of its H264"
    for jpeg in jpegs:
        assert colours(jpeg) == (pytest.approx(RED, abs=40), pytest.approx(BLUE, abs=40))


def test_idle_h264_is_decoded_on_and_is_fresh(h264_camera: ShimCamera) -> None:
    jpegs, lost, _ = h264_camera.run(video, 3, 2)
    assert len(jpegs) == 3
    assert lost < 10  # a busy machine loses some


def test_after_a_loss_h264_goes_on_with_the_next_key_frame(h264_camera: ShimCamera) -> None:
    """A frame in 13 is missing, and the colours are right all the same."""
    jpegs, lost, _ = h264_camera.having(PATTERN="............x").run(video, 30, 1000)
    assert lost > 0
    for jpeg in jpegs:
        assert colours(jpeg) == (pytest.approx(RED, abs=40), pytest.approx(BLUE, abs=40))


def refusal_without_av() -> str:
    sys.meta_path.insert(0, WithoutAv())
    return refusal()


class WithoutAv:
    """A Python in which the extra is not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.split(".")[0] == "av":
            raise ModuleNotFoundError(name)


def test_without_the_extra_h264_is_refused_with_what_to_install(camera: ShimCamera) -> None:
    assert camera.having(FORMATS="H264,HEVC").run(refusal_without_av) == (
        f"{DEVICE}: offers nothing but compressed video (H264); framebus decodes it with the extra av: "
        "pip install 'framebus[av]'"
    )


def test_jpeg_is_preferred_to_h264(h264_camera: ShimCamera) -> None:
    assert h264_camera.having(FORMATS="H264,MJPG").run(one_picture).startswith(b"\xff\xd8\xff\xfe")
