"""A USB camera, made of software, through the whole pipeline to a viewer."""

import io
import re
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from tests.capture.v4l2.shim import COMMENT_BYTES, DEVICE
from tests.e2e.conftest import Pipeline, Up
from tests.processes import wait_until

WEBCAM = f'[camera.front]\nsource = "v4l2:{DEVICE}"\nsize = "640x480"\n'
PART = re.compile(rb"Content-Length: (\d+)\r\n[^\r]*\r\n\r\n")


@pytest.fixture
def pictures(tmp_path: Path) -> list[bytes]:
    """What the camera plays, in tmp_path/pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    made = []
    for number in range(8):
        jpeg = io.BytesIO()
        Image.effect_noise((640, 480), 20 + 20 * number).save(jpeg, "JPEG", quality=70)
        (folder / f"{number}.jpg").write_bytes(jpeg.getvalue())
        made.append(jpeg.getvalue())
    return made


@pytest.fixture
def webcam(up: Up, pictures: list[bytes], shim_library: Path, tmp_path: Path) -> Pipeline:
    """A pipeline with that camera."""
    return up(
        WEBCAM,
        environment={
            "LD_PRELOAD": str(shim_library),
            "V4L2SHIM_DEV": DEVICE,
            "V4L2SHIM_DIR": str(tmp_path / "pictures"),
            "V4L2SHIM_FPS": "30",
            "V4L2SHIM_FAULT": str(tmp_path / "fault"),
        },
    )


def without_comment(jpeg: bytes) -> bytes:
    """The picture without the time that the camera writes into it."""
    return jpeg[:2] + jpeg[2 + COMMENT_BYTES :]


def parts(url: str, different: int) -> list[bytes]:
    """The pictures of an MJPEG stream, until so many are different: the last one is repeated while none comes."""
    found: list[bytes] = []
    with urllib.request.urlopen(url, timeout=15) as stream:
        while len(set(found)) < different:
            head = b""
            while not PART.search(head):
                head += stream.readline()
            match = PART.search(head)
            assert match
            found.append(stream.read(int(match[1])))
    return found


def test_a_viewer_gets_the_bytes_of_the_camera(webcam: Pipeline, pictures: list[bytes]) -> None:
    shown = parts(f"{webcam.url}/stream", 10)
    assert {without_comment(jpeg) for jpeg in shown} <= set(pictures)
    with urllib.request.urlopen(f"{webcam.url}/snapshot", timeout=15) as still:
        assert without_comment(still.read()) in pictures


def test_an_incomplete_jpeg_is_counted_and_not_published(
    webcam: Pipeline, pictures: list[bytes], tmp_path: Path
) -> None:
    fault = tmp_path / "fault"
    with urllib.request.urlopen(f"{webcam.url}/stream", timeout=15) as stream:
        for kind in ("truncate", "garbage"):
            before = webcam.cameras()[0]["bad"]
            fault.write_text(kind)
            wait_until(lambda before=before: webcam.cameras()[0]["bad"] > before, f"{kind} is counted")  # type: ignore[misc]
        fault.unlink()
        seen = stream.read(200_000)
    assert seen.count(b"\xff\xd8\xff\xfe\x00\x17TS") >= 2
    assert b"U" * 100 not in seen
    assert {without_comment(jpeg) for jpeg in parts(f"{webcam.url}/stream", 10)} <= set(pictures)


def test_a_camera_that_is_unplugged_is_offline_and_comes_back(webcam: Pipeline, tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    fault.write_text("gone")
    wait_until(lambda: webcam.cameras()[0]["state"] == "offline", "the camera is offline")
    assert DEVICE in webcam.cameras()[0]["reason"]
    fault.unlink()
    webcam.wait_until_whole()
    assert "Traceback" not in webcam.up.log
