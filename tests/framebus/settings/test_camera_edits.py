"""What may be written into the table of a camera, and by whom."""

import tomllib
from typing import Any

import pytest

from framebus.settings.camera_edits import (
    KEYS,
    check_remote,
    check_source,
    with_camera,
    with_changed_camera,
    without_camera,
)
from framebus.settings.settings_error import SettingsError

TWO = '[camera.front]\nsource = "auto"\n\n[camera.garden]\nsource = "testcard"\n'


@pytest.mark.parametrize(
    "source",
    [
        *("auto", "testcard", "picamera2", "picamera2:1", "v4l2:/dev/video0", "/dev/video12", "v4l2:serial=3F2A"),
        *("v4l2:name=HD Pro Webcam C920", "v4l2:/dev/v4l/by-id/usb-046d_HD-video-index0"),
        *("http://192.168.1.30:8080/?action=stream", "HTTPS://cam/x", "rtsp://u:p@10.0.0.2/1", "rtsps://10.0.0.2/1"),
    ],
)
def test_cameras_may_be_named_from_another_machine(source: str) -> None:
    check_source(source)


@pytest.mark.parametrize(
    "source",
    [
        *("program", "/etc/passwd", "clip.mp4", "../clip.mp4", "file:///etc/passwd", "~/clip.mp4", "foo"),
        *("udp://0.0.0.0:1234", "tcp://127.0.0.1:22?listen", "srt://10.0.0.2:1", "rtmp://0.0.0.0/x", "concat:a|b"),
        *("v4l2:/dev/../etc/passwd", "/dev/mem", "v4l2:/dev/sda", "v4l2:/etc/passwd", "v4l2:/dev/video0/../sda", ""),
    ],
)
def test_files_programs_and_other_protocols_may_not(source: str) -> None:
    with pytest.raises(SettingsError, match=r"^source: found ") as refused:
        check_source(source)
    assert refused.value.code == "not-allowed"


def test_a_refusal_shows_no_password() -> None:
    with pytest.raises(SettingsError) as refused:
        check_source("rtmp://anna:secret@10.0.0.2/hidden/key")
    assert "secret" not in str(refused.value)
    assert "hidden/key" not in str(refused.value)


def test_only_keys_of_the_picture_may_be_set_from_another_machine() -> None:
    assert check_remote({"title": "Door", "fps": 5, "hflip": True, "size": None}) == {
        "title": "Door",
        "fps": 5,
        "hflip": True,
        "size": None,
    }
    assert not {"publish", "control", "connect", "insecure_tcp", "tls_verify", "controls"} & set(KEYS)
    refused: list[dict[str, Any]] = [{"insecure_tcp": True}, {"controls": {"x": 1}}, {"title": ["x"]}, {"fps": {}}]
    for values in refused:
        with pytest.raises(SettingsError, match=r"allowed here|found a list"):
            check_remote(values)


def test_the_default_camera_stays_when_another_is_added() -> None:
    added = with_camera("# mine\n", "garden", {"source": "testcard"})
    assert added.startswith("# mine\n")
    assert list(tomllib.loads(added)["camera"]) == ["front", "garden"]
    assert tomllib.loads(added)["camera"]["front"] == {"source": "auto"}
    assert tomllib.loads(with_camera("", "front", {"source": "testcard"}))["camera"] == {
        "front": {"source": "testcard"}
    }
    assert tomllib.loads(with_changed_camera("", "front", {"fps": 5}))["camera"] == {"front": {"fps": 5}}


def test_a_camera_is_added_changed_and_removed() -> None:
    assert with_camera(TWO, "c", {"source": "auto"}) == f'{TWO}\n[camera.c]\nsource = "auto"\n'
    assert with_changed_camera(TWO, "garden", {"fps": 5}) == f"{TWO}fps = 5\n"
    assert without_camera(TWO, "garden") == '[camera.front]\nsource = "auto"\n\n'


@pytest.mark.parametrize(
    ("text", "action", "code"),
    [
        (TWO, lambda text: with_camera(text, "front", {}), "exists"),
        (TWO, lambda text: with_camera(text, "Front Door", {}), "not-allowed"),
        (TWO, lambda text: with_camera(text, "x]\n[program.y", {}), "not-allowed"),
        (TWO, lambda text: with_changed_camera(text, "gardn", {}), "unknown-camera"),
        (TWO, lambda text: without_camera(text, "gardn"), "unknown-camera"),
        ('[camera.front]\nsource = "auto"\n', lambda text: without_camera(text, "front"), "not-allowed"),
        ("", lambda text: without_camera(text, "front"), "not-allowed"),
    ],
)
def test_what_cannot_be_is_refused(text: str, action: object, code: str) -> None:
    assert callable(action)
    with pytest.raises(SettingsError) as refused:
        action(text)
    assert refused.value.code == code
