"""The picamera2 source hands over the newest frame with its metadata, and agrees on its format with the camera.

The real picamera2 runs on a stand-in for libcamera; each scenario is a process of its own.
"""

import io
import logging
import time

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.sources.picamera2 import Picamera2Source
from framebus.config.size import Size
from framebus.protocol.controls import Control, Value
from framebus.publishing.picture import Picture
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.scenarios import SIZE, number, opened, pixel, quarters
from tests.capture.reading import frame
from tests.processes import wait_until

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


def renditions_of_a_frame(
    size: Size, still_size: Size | None
) -> tuple[bool, str, list[tuple[int, int]], list[list[str]]]:
    """Whether a frame has pixels while nobody wants it smaller; from which stream they are; two sizes, and quarters."""
    source = Picamera2Source(0, size, 30, 80, still_size=still_size)
    source.open()
    rate_control = RateControl(30)
    without = frame(source, rate_control).scaled is None
    rate_control.renditions = True
    picture = frame(source, rate_control)
    while picture.scaled is None:  # one that was encoded before
        picture = frame(source, rate_control)
    scaled = [picture.scaled(divisor) for divisor in (2, 4)]
    assert source._camera is not None
    stream = source._camera.pixels.stream
    source.close()
    found = []
    for image in scaled:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=95)
        found.append(quarters(Picture(jpeg.getvalue(), 0, 0)))
    return without, stream, [image.size for image in scaled], found


@pytest.mark.parametrize(
    ("size", "still_size", "fault", "stream", "sizes"),
    [
        (SIZE, None, "", "lores", [(160, 120), (80, 60)]),  # scaled by the camera
        (Size(300, 202), None, "", "main", [(150, 101), (75, 51)]),  # padded by it, and its half would be odd
        (SIZE, Size(640, 480), "", "lores", [(160, 120), (80, 60)]),
        (SIZE, None, "one-stream", "main", [(160, 120), (80, 60)]),
        (SIZE, None, "equal-streams", "main", [(160, 120), (80, 60)]),
    ],
)
def test_a_smaller_frame_is_made_of_the_pixels_of_the_camera(
    pi_camera: PiCamera, size: Size, still_size: Size | None, fault: str, stream: str, sizes: list[tuple[int, int]]
) -> None:
    pi_camera.fault.write_text(fault)
    assert pi_camera.run(renditions_of_a_frame, size, still_size) == (True, stream, sizes, [UPRIGHT, UPRIGHT])


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
