"""A capture process on the real libcamera: its frames reach a program, it idles, and it recovers from a stall."""

import time

from framebus import Subscriber
from tests.capture.listener import Listener
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.test_process import test_a_sensor_that_stalls_comes_back
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS

__all__ = ["test_a_sensor_that_stalls_comes_back"]

FRONT = '[camera.front]\nsource = "picamera2"\nsize = "320x240"\nfps = 20\n'


def test_its_frames_reach_a_program(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    config = configure(FRONT + "orientation = 6\n")
    running = start("capture", "front", config=config, environment=pi_camera.environment)
    with Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as frames:
        first = frames.receive()
        last = first
        while last.header.seq < first.header.seq + 20:
            last = frames.receive()
    assert (last.header.source, last.header.width, last.header.height) == ("picamera2:0", 320, 240)
    assert last.header.orientation == 6
    assert last.header.epoch == first.header.epoch
    assert last.header.captured > first.header.captured
    assert 0 < time.time() - last.header.captured < DEADLINE_SECONDS
    assert "virtual, YUV420 320x240 at 20 fps" in running.log
    assert "WARNING" not in running.log
    assert "ERROR" not in running.log
    assert running.terminate() == 0
    assert running.log.endswith("stopped\n")


def test_it_is_closed_without_viewers(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0\n")
    told = f"{pi_camera.settings['LIBCAMERA_LOG_LEVELS']},Camera:DEBUG"
    environment = {**pi_camera.environment, "LIBCAMERA_LOG_LEVELS": told}
    running = start("capture", "front", config=config, environment=environment)
    for times in (1, 2, 3):
        with Listener(config, "live") as live:
            seq = live.frame().header.seq
            assert live.frame().header.seq > seq
        running.wait_for("Stopping capture", times)  # libcamera's own words
    assert running.log.count("Starting capture") == 3
    assert "WARNING" not in running.log
