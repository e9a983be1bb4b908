"""StillsClient of the whole pipeline under a real supervisord."""

import io
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path

import pytest
from PIL import Image

from tests.capture.v4l2.shim import DEVICE
from tests.conftest import Configure, Start
from tests.e2e.conftest import Pipeline, Up
from tests.gateway.camera import jpeg
from tests.processes import wait_until
from tests.snapshot.test_clip import probed

CARD = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nstill_size = "640x480"\norientation = 6\n'


def still(pipeline: Pipeline, query: str = "") -> tuple[bytes, HTTPResponse]:
    """A still, and the answer with its headers. Raises HTTPError."""
    url = f"{pipeline.url}/camera/front/snapshot.jpg{query}"
    answer: HTTPResponse = urllib.request.urlopen(url, timeout=15)
    with answer:
        return answer.read(), answer


def size(jpeg: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(jpeg)).size


@pytest.fixture
def pipeline(up: Up) -> Pipeline:
    return up(CARD)


def test_every_size_that_is_asked_for(pipeline: Pipeline) -> None:
    assert size(still(pipeline)[0]) == (320, 240)
    assert size(still(pipeline, "?width=100")[0]) == (100, 75)
    assert size(still(pipeline, "?orientation=upright")[0]) == (240, 320)
    assert size(still(pipeline, "?full=1")[0]) == (640, 480)
    assert size(still(pipeline, "?full=1&width=500&orientation=upright")[0]) == (480, 640)


def test_a_fresh_still_is_taken_after_it_was_asked_for(pipeline: Pipeline) -> None:
    for _ in range(3):
        asked = time.time()
        _, answer = still(pipeline, "?fresh=1")
        assert float(answer.headers["X-Timestamp"]) > asked


def test_a_thousand_who_ask_at_once_are_all_served(pipeline: Pipeline) -> None:
    with ThreadPoolExecutor(50) as many:
        sizes = set(many.map(lambda _: size(still(pipeline, "?fresh=1&width=64")[0]), range(1000)))
    assert sizes == {(64, 48)}


def test_a_service_that_is_killed_in_the_middle_of_a_request_answers_the_next(pipeline: Pipeline) -> None:
    found: list[int] = []

    def ask() -> None:
        try:
            found.append(still(pipeline, "?settle=20&timeout=2")[1].status)
        except urllib.error.HTTPError as error:
            found.append(error.code)
            error.close()

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    pipeline.kill("snapshot")
    asking.join()
    assert found == [504]
    pipeline.wait_until_whole()
    assert size(still(pipeline)[0]) == (320, 240)


def test_a_closed_camera_is_woken_for_a_still_and_closed_again(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nsize = "64x48"\nidle_fps = 0\n')
    for module in (("capture", "front"), ("snapshot",)):
        running = start(*module, config=config)
    running.wait_for("answers at")
    command = [sys.executable, "-m", "framebus", "snapshot", "front", "--config", str(config.path), "-o", "-"]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, b"")
        assert size(done.stdout) == (64, 48)
        time.sleep(3)  # the service lets the camera sleep again after two


def test_a_camera_that_hangs_is_told_within_the_deadline(up: Up, shim_library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(jpeg("red", (64, 48)))
    fault = tmp_path / "fault"
    pipeline = up(
        f'[camera.front]\nsource = "v4l2:{DEVICE}"\nsize = "64x48"\n',
        environment={
            "LD_PRELOAD": str(shim_library),
            "V4L2SHIM_DEV": DEVICE,
            "V4L2SHIM_DIR": str(folder),
            "V4L2SHIM_FAULT": str(fault),
        },
    )
    fault.write_text("hang")
    began = time.monotonic()
    with pytest.raises(urllib.error.HTTPError) as refused:
        still(pipeline, "?fresh=1&timeout=2")
    refused.value.close()
    assert refused.value.code in (503, 504)
    assert time.monotonic() - began < 10
    fault.unlink()
    wait_until(lambda: still(pipeline, "?fresh=1")[0], "a fresh still")


def test_a_clip_of_the_last_seconds_plays(up: Up, tmp_path: Path) -> None:
    pipeline = up(CARD, snapshot="history = 5\n")
    time.sleep(2.5)
    for form in ("avi", "mjpg"):
        with urllib.request.urlopen(f"{pipeline.url}/camera/front/clip.{form}?seconds=2", timeout=15) as answer:
            file = tmp_path / f"clip.{form}"
            file.write_bytes(answer.read())
        assert int(probed(file)["nb_read_frames"]) >= 2
    assert size(still(pipeline, "?ago=1")[0]) == (320, 240)
