"""The picamera2 source on the real libcamera: it streams, thins out, recovers, and leaves nothing behind.

The scenarios are those of the stand-in wherever the virtual camera can play them: what holds there is to hold here.
"""

import io
import os
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.sources.picamera2 import Picamera2Source
from framebus.config.size import Size
from framebus.protocol.controls import Control
from framebus.publishing.jpeg import Jpeg
from framebus.publishing.picture import Picture
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.scenarios import (
    ENCODER_DIED,
    LOOP_DIED,
    SIZE,
    break_nothing,
    break_the_encoder,
    break_the_event_loop,
    break_the_manager,
    break_the_output,
    opened,
    reason,
    recovered,
    time_out_a_capture,
    why_not_opened,
)
from tests.capture.reading import frame
from tests.capture.sources.test_picamera2_rate import (
    test_no_frame_is_taken_when_none_is_due,
    test_no_more_is_encoded_than_is_wanted,
    test_no_old_picture_is_handed_over,
)
from tests.processes import DEADLINE_SECONDS

__all__ = [
    "test_no_frame_is_taken_when_none_is_due",
    "test_no_more_is_encoded_than_is_wanted",
    "test_no_old_picture_is_handed_over",
]

BARS = ["yellow", "cyan", "green", "magenta", "red", "blue", "black", "white"]
"""The virtual camera's, from left to right; they move by a pixel with each frame."""
CORNERS: dict[tuple[int, ...], str] = {
    (0, 0, 0): "black",
    (1, 0, 0): "red",
    (0, 1, 0): "green",
    (0, 0, 1): "blue",
    (1, 1, 0): "yellow",
    (0, 1, 1): "cyan",
    (1, 0, 1): "magenta",
    (1, 1, 1): "white",
}


def streamed(fps: float, seconds: float) -> tuple[float, list[Picture], int]:
    """How long it took, what came, and how many are counted as lost."""
    source, rate_control = opened(fps=fps), RateControl(1000)
    found = [frame(source, rate_control)]
    begin = time.monotonic()
    while (took := time.monotonic() - begin) < seconds:
        found.extend(filter(None, [source.read(rate_control, 1)]))
    source.close()
    return took, found, source.dropped


@pytest.mark.parametrize("fps", [10, 30])
def test_complete_jpegs_come_at_the_cameras_rate(pi_camera: PiCamera, fps: int) -> None:
    took, pictures, lost = pi_camera.run(streamed, fps, 2)
    assert len(pictures) <= fps * took + 3
    assert len(pictures) + lost > fps * took / 3
    for picture in pictures:
        jpeg = Jpeg.parse(picture.jpeg)
        assert (jpeg.width, jpeg.height) == (SIZE.width, SIZE.height)
    assert all(before.jpeg != after.jpeg for before, after in pairwise(pictures))
    assert all(before.monotonic < after.monotonic for before, after in pairwise(pictures))


def one_frame(size: Size) -> tuple[Picture, float, float]:
    """The first one, and the seconds of both clocks by now."""
    source = opened(size)
    picture = frame(source, RateControl(1000))
    source.close()
    return picture, time.time(), time.monotonic()


def test_the_picture_is_what_the_camera_sees_and_when_it_saw_it(pi_camera: PiCamera) -> None:
    picture, now, monotonic = pi_camera.run(one_frame, SIZE)
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        line = [image.convert("RGB").getpixel((x, SIZE.height // 2)) for x in range(SIZE.width // 16, SIZE.width, 40)]
    seen = [CORNERS[tuple(int(level > 128) for level in pixel)] for pixel in line if isinstance(pixel, tuple)]
    first = BARS.index(seen[0])
    assert seen == BARS[first:] + BARS[:first]
    assert 0 <= now - picture.captured < DEADLINE_SECONDS
    assert now - picture.captured == pytest.approx(monotonic - picture.monotonic, abs=0.1)


def smaller_frame(size: Size) -> tuple[str, tuple[int, int], bytes]:
    """From which stream the pixels are, and half of the frame."""
    source, rate_control = opened(size), RateControl(1000)
    rate_control.renditions = True
    picture = frame(source, rate_control)
    while picture.scaled is None:  # one that was encoded before
        picture = frame(source, rate_control)
    assert source._camera is not None
    stream, half = source._camera.pixels.stream, picture.scaled(2)
    source.close()
    return stream, half.size, half.convert("RGB").tobytes()


@pytest.mark.parametrize(("size", "stream"), [(Size(640, 480), "lores"), (SIZE, "main")])
def test_the_camera_scales_where_it_can(pi_camera: PiCamera, size: Size, stream: str) -> None:
    """The virtual camera has two sizes, of which one is half of the other."""
    found, half, pixels = pi_camera.run(smaller_frame, size)
    assert (found, half) == (stream, (size.width // 2, size.height // 2))
    middle = half[1] // 2 * half[0]
    line = [tuple(pixels[3 * (middle + x) :][:3]) for x in range(half[0] // 16, half[0], half[0] // 8)]
    seen = [CORNERS[tuple(int(level > 128) for level in pixel)] for pixel in line]
    first = BARS.index(seen[0])
    assert seen == BARS[first:] + BARS[:first]


def test_a_size_that_the_camera_lacks_becomes_one_that_it_has(pi_camera: PiCamera) -> None:
    jpeg = Jpeg.parse(pi_camera.run(one_frame, Size(600, 400))[0].jpeg)
    assert (jpeg.width, jpeg.height) == (640, 480)


@pytest.mark.parametrize(
    ("fault", "damage", "told"),
    [
        ("stall", break_nothing, "silence"),
        ("stall", time_out_a_capture, "silence"),
        ("", break_the_event_loop, LOOP_DIED),
        ("", break_the_encoder, ENCODER_DIED),
        ("", break_the_output, ENCODER_DIED),
        ("", break_the_manager, "silence"),
    ],
)
def test_it_closes_and_works_again(
    pi_camera: PiCamera, fault: str, damage: Callable[[Picamera2Source], None], told: str
) -> None:
    assert pi_camera.run(recovered, fault, damage) == (told, True, True)


@pytest.mark.parametrize(
    ("number", "pipelines", "told"),
    [
        (3, "virtual", "picamera2:3: there is no camera 3; allowed: 0 (virtual)"),
        (
            0,
            "uvcvideo",
            "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
            "`rpicam-hello --list-cameras` says",
        ),
    ],
)
def test_a_camera_that_is_not_there(pi_camera: PiCamera, number: int, pipelines: str, told: str) -> None:
    settings = {**pi_camera.settings, "LIBCAMERA_PIPELINES_MATCH_LIST": pipelines}
    assert PiCamera(pi_camera.fault, settings).run(why_not_opened, number) == told


def while_it_is_taken() -> tuple[str, bool]:
    """What it says, and whether the camera works once it is free."""
    import libcamera

    manager = libcamera.CameraManager.singleton()
    camera = manager.cameras[0]
    camera.acquire()
    source = Picamera2Source(0, SIZE, 30, 80)
    told = reason(source.open)
    source.close()
    camera.release()
    source.open()
    works = bool(frame(source, RateControl(1000)).jpeg)
    source.close()
    return told, works


def test_a_camera_that_is_in_use(pi_camera: PiCamera) -> None:
    told, works = pi_camera.run(while_it_is_taken)
    assert told == (
        "picamera2:0: in use by another program; end that (rpicam-hello, motion, another framebus …), or name "
        "another one in `source`; `sudo fuser -v /dev/media*` names it"
    )
    assert works


def controlled() -> tuple[list[Control], bool]:
    """What can be set, and whether frames come after it was."""
    source, rate_control = opened(), RateControl(1000)
    found = source.controls()
    source.set_controls({"FaceDetectMode": 0})
    frames = [frame(source, rate_control) for _ in range(10)]
    source.close()
    return found, bool(frames[-1].jpeg)


def test_its_only_control_is_a_menu(pi_camera: PiCamera) -> None:
    (control,), works = pi_camera.run(controlled)
    assert (control.name, control.type, control.menu) == ("FaceDetectMode", "menu", {"0": "Off"})
    assert works


def left_after_cycles(cycles: int) -> tuple[int, int]:
    """How many more threads and descriptors there are; without /proc, which the chroot has not."""
    source, rate_control = Picamera2Source(0, SIZE, 30, 80), RateControl(1000)

    def cycle() -> None:
        source.open()
        frame(source, rate_control)
        source.close()

    def descriptors() -> int:
        return sum(_is_open(number) for number in range(1024))

    cycle()
    cycle()
    before = threading.active_count(), descriptors()
    for _ in range(cycles):
        cycle()
    return threading.active_count() - before[0], descriptors() - before[1]


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_no_thread_and_no_descriptor_is_left_behind(pi_camera: PiCamera) -> None:
    assert pi_camera.run(left_after_cycles, 5) == (0, 0)
