"""A real capture process with a Pi camera: to its subscribers, through a fault, and to its end when that hangs."""

import io
import re
import signal
import time

from PIL import Image

from tests.capture.listener import Listener
from tests.capture.picamera2.pi_camera import PiCamera
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS

FRONT = '[camera.front]\nsource = "picamera2"\nsize = "320x240"\nfps = 20\n'


def test_its_frames_reach_a_subscriber(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    config = configure(
        FRONT + "orientation = 6\n[camera.front.controls]\nauto_exposure = false\nexposure_time = 1234\n"
    )
    with Listener(config, "live") as live:
        running = start("capture", "front", config=config, environment=pi_camera.environment)
        header = live.frame().header
        while (header.camera_metadata or {})["exposure_time"] != 1234:
            header = live.frame().header
    assert (header.source, header.width, header.height, header.orientation) == ("picamera2:0", 320, 240, 6)
    assert set(header.camera_metadata or {}) >= {"exposure_time", "gain", "lux", "temperature", "focus"}
    assert "WARNING" not in running.log
    assert running.terminate() == 0
    assert running.log.endswith("stopped\n")


def test_a_sensor_that_stalls_comes_back(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    with Listener(config, "live") as live, Listener(config, "status") as statuses:
        start("capture", "front", config=config, environment=pi_camera.environment)
        live.frame()
        pi_camera.fault.write_text("stall")
        told = statuses.status(lambda status: status.state == "offline").reason
        assert re.fullmatch(r"picamera2:0: no complete picture for \d+ s", told)
        pi_camera.fault.unlink()
        live.skip()
        seq = live.frame().header.seq
        assert live.frame().header.seq == seq + 1


def test_a_camera_that_hangs_ends_the_process(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    """So that the supervisor starts another; the camera is closed here because it has no viewer any more."""
    config = configure(FRONT + "idle_fps = 0\n")
    with Listener(config, "live") as live:
        running = start("capture", "front", config=config, environment=pi_camera.environment)
        live.frame()
        pi_camera.fault.write_text("hang")
    assert running.ended() == 1
    reason = "picamera2:0: closing it has not ended within 5 s: the process exits and is restarted"
    assert f"WARNING capture-front: camera front offline: {reason}\n" in running.log


def test_a_camera_that_hangs_does_not_hold_up_the_end(pi_camera: PiCamera, configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    with Listener(config, "live") as live:
        running = start("capture", "front", config=config, environment=pi_camera.environment)
        live.frame()
        pi_camera.fault.write_text("hang")
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.ended() == 0
    assert time.monotonic() - began < DEADLINE_SECONDS / 2
    assert "picamera2:0: closing the camera takes too long; the end of the process closes it" in running.log


def test_a_still_has_its_own_size_while_the_stream_goes_on(
    pi_camera: PiCamera, configure: Configure, start: Start
) -> None:
    config = configure(FRONT + 'still_size = "1280x960"\norientation = 6\n')
    with Listener(config, "live") as live, Listener(config, "full") as full:
        start("capture", "front", config=config, environment=pi_camera.environment)
        before = live.frame()
        still = full.frame()
        after = live.frame()
    assert (before.header.width, before.header.height) == (320, 240)
    assert (still.header.width, still.header.height, still.header.orientation) == (1280, 960, 6)
    assert Image.open(io.BytesIO(still.jpeg)).size == (1280, 960)
    assert (after.header.width, after.header.epoch) == (320, before.header.epoch)
    assert after.header.seq > before.header.seq
