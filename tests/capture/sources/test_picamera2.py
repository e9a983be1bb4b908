"""The picamera2 source hands over the newest frame with what is said of it, encodes what is wanted, and recovers.

The real picamera2 runs on a stand-in for libcamera; each scenario is a process of its own.
"""

import importlib.util
import io
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.source import SourceError, SourceStuck
from capture.sources import picamera2 as module
from capture.sources.picamera2 import CLOSE_LIMIT_SECONDS, Picamera2Source
from framebus.config.size import Size
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture
from tests.capture.picamera2.pi_camera import PiCamera, made_of_software
from tests.processes import wait_until

SIZE = Size(320, 240)
NEVER = 0.0001
"""A rate at which nothing is due after the first frame."""


@pytest.fixture
def pi_camera(tmp_path: Path) -> PiCamera:
    """One imx708, without a fault."""
    return made_of_software(tmp_path)


def opened(size: Size = SIZE, fps: float = 30, quality: int = 80, orientation: int = 1) -> Picamera2Source:
    source = Picamera2Source(0, size, fps, quality, orientation)
    source.open()
    return source


def frame(source: Picamera2Source, rate_control: RateControl) -> Picture:
    """The next one that comes."""
    found: list[Picture] = []

    def comes() -> bool:
        found.extend(filter(None, [source.read(rate_control, 1)]))
        return bool(found)

    wait_until(comes, "a frame")
    return found[0]


def silent(source: Picamera2Source, rate_control: RateControl) -> bool:
    """Whether no frame comes any more, but for one that was under way."""
    source.read(rate_control, 1)
    return source.read(rate_control, 1) is None


def number(picture: Picture) -> int:
    """Of the frame, by what the camera says of it."""
    return int(picture.metadata["lux"]) - 400


def pixel(picture: Picture, x: int, y: int) -> tuple[int, ...]:
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def colour(picture: Picture, x: int, y: int) -> str:
    return "".join(letter for letter, value in zip("rgb", pixel(picture, x, y), strict=True) if value > 128)


def quarters(picture: Picture) -> list[str]:
    """From the top left to the bottom right."""
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        width, height = image.size
    return [colour(picture, x, y) for y in (8, height - 8) for x in (8, width - 8)]


# --- what is handed over ---


def each_with_its_own() -> list[tuple[int, int, float]]:
    """Of twenty frames the number, the grey of the block in the middle, and the age."""
    source, rate_control = opened(), RateControl(1000)
    found = []
    for _ in range(20):
        picture = frame(source, rate_control)
        found.append((number(picture), pixel(picture, 168, 132)[0], time.monotonic() - picture.monotonic))
    source.close()
    return found


def test_a_frame_and_what_is_said_of_it_belong_together(pi_camera: PiCamera) -> None:
    found = pi_camera.run(each_with_its_own)
    numbers = [number for number, _, _ in found]
    assert numbers == sorted(set(numbers))
    assert [grey for _, grey, _ in found] == [pytest.approx(16 + number % 28 * 8, abs=3) for number in numbers]
    assert all(0 <= age < 2 for _, _, age in found)


def one_frame() -> Picture:
    source = opened()
    picture = frame(source, RateControl(1000))
    source.close()
    return picture


def test_the_times_and_the_metadata(pi_camera: PiCamera) -> None:
    picture = pi_camera.run(one_frame)
    assert picture.captured - picture.monotonic == pytest.approx(time.time() - time.monotonic(), abs=0.5)
    assert picture.metadata.pop("lux") > 400
    assert picture.metadata == {
        "exposure_time": 8000,
        "gain": 1.5,
        "digital_gain": 1.0012,
        "colour_temperature": 4500,
        "colour_gains": [2.0, 1.75],
        "temperature": 38.0,
        "focus": 1.0,
        "focus_state": "focused",
        "sharpness_measure": 1000,
        "frame_duration": 33333,
    }


def now_and_then() -> tuple[float, float, float]:
    source = opened()
    before = time.monotonic()
    found = frame(source, RateControl(1000)).monotonic
    after = time.monotonic()
    source.close()
    return before, found, after


def test_a_sensor_with_a_clock_of_its_own(pi_camera: PiCamera) -> None:
    before, found, after = pi_camera.having(CLOCK=10**15).run(now_and_then)
    assert before <= found <= after


def in_each_orientation() -> list[tuple[int, list[str]]]:
    found = []
    for orientation in range(1, 9):
        source = opened(orientation=orientation)
        found.append((source.orientation, quarters(frame(source, RateControl(1000)))))
        source.close()
    return found


RED, GREEN, BLUE, WHITE = "r", "g", "b", "rgb"
UPRIGHT = [RED, GREEN, BLUE, WHITE]


def test_the_camera_flips_and_quarter_turns_are_left_to_the_viewer(pi_camera: PiCamera) -> None:
    assert pi_camera.run(in_each_orientation) == [
        (1, UPRIGHT),
        (1, [GREEN, RED, WHITE, BLUE]),
        (1, [WHITE, BLUE, GREEN, RED]),
        (1, [BLUE, WHITE, RED, GREEN]),
        (5, UPRIGHT),
        (6, UPRIGHT),
        (7, UPRIGHT),
        (8, UPRIGHT),
    ]


def test_what_the_camera_does_not_flip_is_left_to_the_viewer_as_well(pi_camera: PiCamera) -> None:
    pi_camera.fault.write_text("no-flips")
    assert pi_camera.run(in_each_orientation) == [(orientation, UPRIGHT) for orientation in range(1, 9)]


def renditions_of_a_frame(size: Size, still_size: Size | None) -> tuple[bool, list[tuple[int, int]], list[list[str]]]:
    """Whether a frame has pixels while nobody wants it smaller; then two sizes of one, and their quarters."""
    source = Picamera2Source(0, size, 30, 80, still_size=still_size)
    source.open()
    rate_control = RateControl(30)
    without = frame(source, rate_control).scaled is None
    rate_control.renditions = True
    picture = frame(source, rate_control)
    while picture.scaled is None:  # one that was encoded before
        picture = frame(source, rate_control)
    scaled = [picture.scaled(divisor) for divisor in (2, 4)]
    source.close()
    found = []
    for image in scaled:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=95)
        found.append(quarters(Picture(jpeg.getvalue(), 0, 0)))
    return without, [image.size for image in scaled], found


@pytest.mark.parametrize(
    ("size", "still_size", "sizes"),
    [
        (SIZE, None, [(160, 120), (80, 60)]),
        (Size(300, 202), None, [(150, 101), (75, 51)]),  # padded by the camera
        (SIZE, Size(640, 480), [(160, 120), (80, 60)]),
    ],
)
def test_a_smaller_frame_is_made_of_the_pixels_of_the_camera(
    pi_camera: PiCamera, size: Size, still_size: Size | None, sizes: list[tuple[int, int]]
) -> None:
    without, found, colours = pi_camera.run(renditions_of_a_frame, size, still_size)
    assert without
    assert found == sizes
    assert colours == [UPRIGHT, UPRIGHT]


def steps_of_qualities() -> list[int]:
    found = []
    for quality in (20, 95):
        source = opened(quality=quality)
        with Image.open(io.BytesIO(frame(source, RateControl(1000)).jpeg)) as image:
            found.append(image.quantization[0][0])  # type: ignore[attr-defined]  # of its JPEG kind
        source.close()
    return found


def test_the_quality(pi_camera: PiCamera) -> None:
    """The table of ITU-T T.81, Annex K, begins with 16; libjpeg scales it by 5000 / 20 and by 200 - 2 * 95 percent."""
    assert pi_camera.run(steps_of_qualities) == [40, 2]


def with_lines_of_padding() -> list[str]:
    source = opened(Size(210, 120))
    found = quarters(frame(source, RateControl(1000)))
    source.close()
    return found


def test_a_size_that_the_camera_pads(pi_camera: PiCamera) -> None:
    assert pi_camera.run(with_lines_of_padding) == UPRIGHT


# --- what is agreed with the camera ---


def lines_of_openings(openings: list[tuple[Size, float]]) -> list[str]:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(f"{record.levelname} {record.getMessage()}")  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    for size, fps in openings:
        source = Picamera2Source(0, size, fps, 80)
        for _ in range(2):
            source.open()
            source.close()
            source.close()
    return lines


SOFTWARE = (
    "INFO picamera2:0: the processor makes the JPEGs, "
    "as this machine has no hardware encoder (there is no /dev/video11)"
)


def test_it_says_what_the_camera_gives_and_once_who_encodes(pi_camera: PiCamera) -> None:
    given = "INFO picamera2:0: imx708, YUV420 320x240 at 29.97 fps"
    assert pi_camera.run(lines_of_openings, [(SIZE, 29.97)]) == [SOFTWARE, given, given]


def test_a_camera_that_gives_something_else(pi_camera: PiCamera) -> None:
    lines = pi_camera.run(lines_of_openings, [(Size(321, 241), 120), (Size(8000, 300), 30)])
    assert lines[1::3] == [
        "INFO picamera2:0: imx708, YUV420 320x240 at 60.0024 fps (asked for 321x241 at 120 fps)",
        "INFO picamera2:0: imx708, YUV420 4608x300 at 30 fps (asked for 8000x300 at 30 fps)",
    ]


def with_hardware_that_does_not_start() -> list[str]:
    from capture.picamera2 import encoding

    encoding.why_software = lambda size: ""  # type: ignore[misc, assignment]  # picamera2 then opens /dev/video11 and finds that it is not there
    lines = lines_of_openings([(SIZE, 30)])
    source = opened()
    assert frame(source, RateControl(1000)).jpeg
    source.close()
    return lines[:1]


def test_the_processor_stands_in_for_hardware_that_fails(pi_camera: PiCamera) -> None:
    assert pi_camera.run(with_hardware_that_does_not_start) == [
        "INFO picamera2:0: the processor makes the JPEGs, as the hardware encoder cannot be started "
        "(No such file or directory)"
    ]


def test_its_name() -> None:
    source = Picamera2Source(1, SIZE, 30, 80, 3)
    assert (source.name, source.orientation) == ("picamera2:1", 1)
    assert Picamera2Source(0, SIZE, 30, 80, 6).orientation == 6
    source.close()  # which is allowed before it is opened


# --- the rate ---


def encoded_at(rates: list[float], seconds: float = 1) -> list[tuple[int, int]]:
    """At each rate, how many pictures were taken, and how many picamera2 encoded."""
    import picamera2.encoders.jpeg_encoder as encoder

    encode, calls = encoder.simplejpeg.encode_jpeg_yuv_planes, [0]

    def counted(*arguments: object) -> bytes:
        calls[0] += 1
        jpeg: bytes = encode(*arguments)
        return jpeg

    source, rate_control = opened(), RateControl(NEVER)
    encoder.simplejpeg.encode_jpeg_yuv_planes = counted
    found = []
    for fps in rates:
        rate_control.set(fps)
        source.read(rate_control, 1)
        calls[0], taken = 0, 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            taken += source.read(rate_control, 1) is not None
        found.append((taken, calls[0]))
    source.close()
    return found


def test_no_more_is_encoded_than_is_wanted(pi_camera: PiCamera) -> None:
    idle, thinned, live, idle_again = pi_camera.run(encoded_at, [2, 10, 30, 2])
    for taken, encoded in (idle, idle_again):
        assert 1 <= taken <= 3
        assert encoded <= taken + 2
    assert 4 <= thinned[0] <= 12
    assert thinned[1] <= thinned[0] + 2
    assert 14 < live[0] <= live[1] + 2 <= 34  # a busy machine loses some


def when_a_viewer_comes() -> tuple[float, float, list[int]]:
    """Seconds until the picture, how old it is then, and the exposures and rates before and after."""
    source, rate_control = opened(), RateControl(NEVER)
    idle = frame(source, rate_control)
    came: list[float] = []

    def come() -> None:
        came.append(time.monotonic())
        rate_control.set(30)

    viewer = threading.Timer(0.2, come)
    viewer.start()
    live = frame(source, rate_control)
    now = time.monotonic()
    source.close()
    names = ("exposure_time", "frame_duration")
    return now - came[0], now - live.monotonic, [picture.metadata[name] for picture in (idle, live) for name in names]


def test_a_viewer_gets_a_new_frame_at_once_and_the_sensor_does_not_notice(pi_camera: PiCamera) -> None:
    waited, age, exposures = pi_camera.run(when_a_viewer_comes)
    assert waited < 1  # a frame's period and a half on a quiet machine
    assert age < waited + 0.1
    assert exposures == [8000, 33333] * 2


def after_a_pause(before: float, after: float) -> tuple[float, float]:
    source, rate_control = opened(), RateControl(before)
    frame(source, rate_control)
    time.sleep(0.5)
    rate_control.set(after)
    began = time.monotonic()
    found = frame(source, rate_control).monotonic
    source.close()
    return began, found


@pytest.mark.parametrize(("before", "after"), [(1000, 1000), (1000, 1), (1, 1000)])
def test_no_old_picture_is_handed_over(pi_camera: PiCamera, before: float, after: float) -> None:
    began, found = pi_camera.run(after_a_pause, before, after)
    assert found > began - 0.1


def stopped() -> Picture | None:
    source, rate_control = opened(), RateControl(30)
    rate_control.stop()
    picture = source.read(rate_control, 1)
    source.close()
    return picture


def test_no_frame_is_taken_when_none_is_due(pi_camera: PiCamera) -> None:
    assert pi_camera.run(stopped) is None


def errors_at(fps: float, fault: str) -> tuple[int, int]:
    """What counts as lost after the sensor failed for a while, and after a new opening."""
    source, rate_control = opened(), RateControl(fps)
    frame(source, rate_control)
    Path(fault).write_text("errors")
    assert silent(source, rate_control)
    Path(fault).unlink()
    frame(source, rate_control)
    frame(source, rate_control)
    lost = source.dropped
    source.close()
    source.open()
    frame(source, rate_control)
    frame(source, rate_control)
    source.close()
    return lost, source.dropped - lost


def test_frames_with_errors_are_lost(pi_camera: PiCamera) -> None:
    lost, later = pi_camera.run(errors_at, 1000, str(pi_camera.fault))
    assert lost >= 15  # half a second
    assert later <= 2


def test_while_few_are_wanted_none_are_lost(pi_camera: PiCamera) -> None:
    assert pi_camera.run(errors_at, 3, str(pi_camera.fault)) == (0, 0)


# --- controls ---


def value(source: Picamera2Source, name: str) -> object:
    return next(control.value for control in source.controls() if control.name == name)


def set_some() -> tuple[list[str], list[object]]:
    source, rate_control = opened(), RateControl(1000)
    dark = pixel(frame(source, rate_control), 8, 232)[0]
    settings: list[dict[str, Value]] = [
        {"brightness": 1.0},
        {"auto_exposure": False, "exposure_time": 1234, "gain": 2.0},
        {"auto_white_balance": False, "ColourGains": [1.0, 3.0]},
        {"auto_focus": False, "focus": 4.0},
        {"ScalerCrop": [0.0, 0.0, 640.0, 480.0], "NoiseReductionMode": 0},
    ]
    for values in settings:
        source.set_controls(values)
    found: list[object] = []

    def arrived() -> bool:
        picture = frame(source, rate_control)
        said = [picture.metadata[name] for name in ("exposure_time", "gain", "colour_gains", "focus", "focus_state")]
        found[:] = [*said, pixel(picture, 8, 232)[0] - dark > 60]
        return bool(said[0] == 1234)

    wait_until(arrived, "the new exposure")
    found.append(value(source, "exposure_time"))
    source.set_controls({"auto_exposure": True})
    wait_until(lambda: frame(source, rate_control).metadata["exposure_time"] == 8000, "the camera's own exposure")
    found.append(value(source, "exposure_time"))
    source.close()
    return [control.name for control in source.controls()], found


def test_controls_have_an_effect(pi_camera: PiCamera) -> None:
    names, found = pi_camera.run(set_some)
    assert names[:4] == ["brightness", "contrast", "saturation", "sharpness"]
    assert found == [1234, 2.0, [1.0, 3.0], 4.0, "idle", True, 1234, 8000]


def menus() -> list[Control]:
    source = opened()
    found = [control for control in source.controls() if control.menu]
    source.close()
    return found


def test_menus_are_libcameras_enumerations(pi_camera: PiCamera) -> None:
    found = {control.name: control.menu for control in pi_camera.having(CAMERAS="imx219").run(menus)}
    assert sorted(found) == ["AeConstraintMode", "AeExposureMode", "AeMeteringMode", "AwbMode", "NoiseReductionMode"]
    assert found["NoiseReductionMode"] == {"0": "Off", "1": "Fast", "2": "HighQuality", "3": "Minimal", "4": "ZSL"}


# --- faults ---


def reason(act: Callable[[], object]) -> str:
    """Of the failure, which may take a few calls."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            act()
        except SourceError as error:
            return str(error)
    return "it goes on"


def why_not_opened(camera: int) -> str:
    source = Picamera2Source(camera, SIZE, 30, 80)
    told = reason(source.open)
    source.close()
    return told


@pytest.mark.parametrize(
    ("camera", "cameras", "fault", "told"),
    [
        (
            0,
            "imx708",
            "absent",
            "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
            "`rpicam-hello --list-cameras` says",
        ),
        (2, "imx219 imx708", "", "picamera2:2: there is no camera 2; allowed: 0 (imx708), 1 (imx219)"),
        (1, "usb imx708", "", "picamera2:1: UVC Camera is a USB camera; name it as v4l2:/dev/videoN in `source`"),
        (
            0,
            "imx708",
            "busy",
            "picamera2:0: in use by another program; end that (rpicam-hello, motion, another framebus …), or name "
            "another one in `source`; `sudo fuser -v /dev/media*` names it",
        ),
        (
            0,
            "imx708",
            "denied",
            "picamera2:0: no permission to open /dev/dma_heap/linux,cma; add your user to the group video "
            "(sudo usermod -aG video $USER) and log in again",
        ),
        (0, "imx708", "full", "picamera2:0: not enough memory for its pictures (CMA); lower `size`"),
        (
            0,
            "imx708",
            "nv12",
            "picamera2:0: gives NV12; framebus takes YUV420, XBGR8888, XRGB8888, BGR888 or RGB888; "
            "name another one in `source`",
        ),
    ],
)
def test_a_camera_that_does_not_open(pi_camera: PiCamera, camera: int, cameras: str, fault: str, told: str) -> None:
    pi_camera.fault.write_text(fault)
    assert pi_camera.having(CAMERAS=cameras).run(why_not_opened, camera) == told


@pytest.mark.skipif(importlib.util.find_spec("libcamera") is not None, reason="libcamera's bindings are installed")
def test_without_libcamera(pi_camera: PiCamera) -> None:
    """The real picamera2 finds none, as in a virtual environment that does not see apt's packages."""
    told = PiCamera(pi_camera.fault, {"PYTHONPATH": ""}).run(why_not_opened, 0)
    assert told == (
        "picamera2:0: picamera2 is there, but libcamera's Python bindings are not; "
        "run: sudo apt install python3-libcamera"
    )


def break_nothing(_source: Picamera2Source) -> None: ...


def break_the_event_loop(source: Picamera2Source) -> None:
    def fail(_request: object) -> None:
        raise RuntimeError("in the event loop")

    picamera2_of(source).pre_callback = fail


def break_the_encoder(source: Picamera2Source) -> None:
    import picamera2.encoders.jpeg_encoder as encoder

    encode = encoder.simplejpeg.encode_jpeg_yuv_planes

    def fail(*_arguments: object) -> bytes:
        encoder.simplejpeg.encode_jpeg_yuv_planes = encode
        raise RuntimeError("in the encoder")

    encoder.simplejpeg.encode_jpeg_yuv_planes = fail


def break_the_output(source: Picamera2Source) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("in the output")

    next(iter(picamera2_of(source).encoders)).output.outputframe = fail


def break_the_manager(_source: Picamera2Source) -> None:
    """The thread that takes finished requests from libcamera; its end cannot be seen from outside."""
    import libcamera

    take = libcamera.CameraManager.get_ready_requests

    def fail(_manager: object) -> None:
        libcamera.CameraManager.get_ready_requests = take
        raise RuntimeError("in the manager")

    libcamera.CameraManager.get_ready_requests = fail


def time_out_a_capture(source: Picamera2Source) -> None:
    from picamera2 import TimeoutError

    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text("stall")
    camera = picamera2_of(source)
    time.sleep(0.1)
    camera.capture_metadata(wait=1)  # one that lies there
    with pytest.raises(TimeoutError):
        camera.capture_metadata(wait=0.1)


def picamera2_of(source: Picamera2Source) -> Any:
    assert source._camera is not None
    return source._camera._picamera2


def said(source: Picamera2Source, rate_control: RateControl) -> str:
    """What comes of reading on."""
    silences = 0
    while silences < 2:
        try:
            silences = 0 if source.read(rate_control, 1) else silences + 1
        except SourceError as error:
            return str(error)
    return "silence"


def recovered(fault: str, damage: Callable[[Picamera2Source], None]) -> tuple[str, bool, bool]:
    """What it says while it is broken, whether it closes within its limit, and whether it works again afterwards."""
    source, rate_control = opened(), RateControl(1000)
    frame(source, rate_control)
    if fault:
        Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    damage(source)
    told = said(source, rate_control)
    began = time.monotonic()
    source.close()
    in_time = time.monotonic() - began < CLOSE_LIMIT_SECONDS
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).unlink(missing_ok=True)
    source.open()
    works = bool(frame(source, rate_control).jpeg)
    source.close()
    return told, in_time, works


LOOP_DIED = "picamera2:0: the event loop of picamera2 has failed; what it printed says why"
ENCODER_DIED = "picamera2:0: the encoder of picamera2 has failed; what it printed says why"


@pytest.mark.parametrize(
    ("fault", "damage", "told"),
    [
        ("stall", break_nothing, "silence"),
        ("errors", break_nothing, "silence"),
        ("unplugged", break_nothing, "silence"),
        ("", break_the_event_loop, LOOP_DIED),
        ("", break_the_encoder, ENCODER_DIED),
        ("", break_the_output, ENCODER_DIED),
        ("", break_the_manager, "silence"),
        ("stall", time_out_a_capture, "silence"),
    ],
)
def test_it_closes_and_works_again(
    pi_camera: PiCamera, fault: str, damage: Callable[[Picamera2Source], None], told: str
) -> None:
    assert pi_camera.run(recovered, fault, damage) == (told, True, True)


def unplugged_and_not_there() -> list[str]:
    source, rate_control = opened(), RateControl(1000)
    frame(source, rate_control)
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text("unplugged")
    told = [said(source, rate_control)]
    source.close()
    told.append(reason(source.open))
    source.close()
    return told


def test_a_camera_that_is_pulled_out(pi_camera: PiCamera) -> None:
    assert pi_camera.run(unplugged_and_not_there) == [
        "silence",
        "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
        "`rpicam-hello --list-cameras` says",
    ]


def stuck(fault: str) -> str:
    module.CLOSE_LIMIT_SECONDS = 1
    source = opened()
    frame(source, RateControl(1000))
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    try:
        source.close()
    except SourceStuck as error:
        return str(error)
    return "it has closed"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("hang", "picamera2:0: closing it has not ended within 1 s: the process exits and is restarted"),
        (
            "deaf",
            "picamera2:0: closing it has failed (Failed to release camera: Input/output error): "
            "the process exits and is restarted",
        ),
    ],
)
def test_a_camera_that_does_not_let_go(pi_camera: PiCamera, fault: str, told: str) -> None:
    assert pi_camera.run(stuck, fault) == told


# --- nothing is left behind ---


def left_after_cycles(cycles: int, fault: str) -> tuple[int, int]:
    """How many more threads and descriptors there are."""
    source, rate_control = Picamera2Source(0, SIZE, 30, 80), RateControl(1000)

    def cycle() -> None:
        try:
            source.open()
            frame(source, rate_control)
        except SourceError:
            assert fault
        source.close()

    def usage() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    cycle()
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    cycle()
    before = usage()
    for _ in range(cycles):
        cycle()
    after = usage()
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.parametrize(
    ("cycles", "fault"), [(10, ""), (50, "absent"), (50, "busy"), (5, "denied"), (5, "full"), (5, "nv12")]
)
def test_no_thread_and_no_descriptor_is_left_behind(pi_camera: PiCamera, cycles: int, fault: str) -> None:
    assert pi_camera.run(left_after_cycles, cycles, fault) == (0, 0)
