"""Programs that people already have, reading what the gateway serves."""

import subprocess

import pytest

from tests.e2e.conftest import Pipeline
from tests.processes import DEADLINE_SECONDS
from tests.programs import need


def test_ffmpeg_reads_the_stream(pipeline: Pipeline) -> None:
    command = [need("ffmpeg"), "-v", "error", "-f", "mpjpeg", "-i", f"{pipeline.url}/stream"]
    done = subprocess.run(
        [*command, "-frames:v", "100", "-f", "null", "-"],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS * 2,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_opencv_reads_the_stream(pipeline: Pipeline) -> None:
    cv2 = pytest.importorskip("cv2")
    capture = cv2.VideoCapture(f"{pipeline.url}/stream.mjpg")
    for _ in range(20):
        read, picture = capture.read()
        assert read
        assert picture.shape == (240, 320, 3)
    capture.release()


def test_curl_saves_a_still(pipeline: Pipeline) -> None:
    done = subprocess.run(
        [need("curl"), "--silent", "--fail", f"{pipeline.url}/snapshot.jpg?t=1"],
        capture_output=True,
        check=True,
        timeout=15,
    )
    assert done.stdout.startswith(b"\xff\xd8")
    assert done.stdout.endswith(b"\xff\xd9")
