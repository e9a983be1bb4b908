"""The picamera2 source encodes as many frames as are wanted, and hands over no old one."""

import threading
import time
from pathlib import Path

import pytest

from capture.rate_control import RateControl
from framebus.publishing.picture import Picture
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.scenarios import NEVER, opened, silent
from tests.capture.reading import frame


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
