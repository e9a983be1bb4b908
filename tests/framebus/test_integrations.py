"""Each printed configuration is read as its program reads it, and holds what that program allows."""

import configparser
import json
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from framebus.credentials import accounts
from framebus.credentials.accounts import token_hash
from framebus.integrations import INTEGRATIONS, SharedCamera
from tests.conftest import Configure

FRONT = SharedCamera("front", "http://10.0.0.7:8080", "http://127.0.0.1:8080", "fb_x-y_z", 1280, 720, 30)
GARDEN = SharedCamera("garden", "http://10.0.0.7:8080", "http://127.0.0.1:8080", "fb_x-y_z", 640, 480, 5)
BOTH = [FRONT, GARDEN]


def read_yaml(name: str) -> Any:
    """As PyYAML reads it, which OctoPrint, Home Assistant and Frigate use or resemble."""
    return yaml.safe_load(INTEGRATIONS[name](BOTH))


def test_octoprint() -> None:
    settings = read_yaml("octoprint")["plugins"]["classicwebcam"]
    assert settings == {"stream": FRONT.stream(), "snapshot": FRONT.snapshot(local=True), "streamRatio": "16:9"}
    # get_settings_defaults of OctoPrint's plugins/classicwebcam
    assert set(settings) <= {"flipH", "flipV", "rotate90", "stream", "streamTimeout", "streamRatio", "snapshot"}


def test_moonraker() -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=True, delimiters=(":", "="))
    parser.read_string(INTEGRATIONS["moonraker"](BOTH))
    assert parser.sections() == ["webcam front", "webcam garden", "update_manager framebus"]
    garden = dict(parser["webcam garden"])
    assert garden["stream_url"] == GARDEN.stream()
    assert garden["snapshot_url"] == GARDEN.snapshot(local=True)
    assert (int(garden["target_fps"]), garden["aspect_ratio"]) == (5, "4:3")
    # WebCam.from_config of moonraker/components/webcam.py
    assert set(garden) <= {"location", "service", "target_fps", "stream_url", "snapshot_url", "aspect_ratio"}


def test_homeassistant() -> None:
    # PLATFORM_SCHEMA of homeassistant/components/ffmpeg/camera.py
    assert read_yaml("homeassistant") == {
        "camera": [{"platform": "ffmpeg", "name": camera.name, "input": camera.stream()} for camera in BOTH]
    }


def test_frigate() -> None:
    config = read_yaml("frigate")
    assert config["go2rtc"]["streams"]["front"] == [f"ffmpeg:{FRONT.stream()}#video=h264"]
    assert set(config["cameras"]) == {"front", "garden"}
    front = config["cameras"]["front"]
    roles = [(entry["path"], entry["roles"]) for entry in front["ffmpeg"]["inputs"]]
    assert roles == [("rtsp://127.0.0.1:8554/front", ["record"]), (FRONT.stream(), ["detect"])]
    assert front["detect"] == {"width": 1280, "height": 720, "fps": 5}


def test_motion() -> None:
    text = INTEGRATIONS["motion"]([FRONT])
    options = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert options == {
        "camera_name": "front",
        "camera_id": "1",
        "netcam_url": FRONT.stream(local=True),
        "width": "1280",
        "height": "720",
        "framerate": "30",
    }
    assert int(options["width"]) % 8 == int(options["height"]) % 8 == 0, "motion takes multiples of 8"


def test_mediamtx() -> None:
    path = read_yaml("mediamtx")["paths"]["front"]
    assert set(path) == {"runOnDemand", "runOnDemandRestart", "runOnDemandCloseAfter"}
    assert f"-i '{FRONT.stream(local=True)}' " in path["runOnDemand"]
    assert path["runOnDemand"].endswith("-f rtsp rtsp://127.0.0.1:$RTSP_PORT/$MTX_PATH")


def test_go2rtc() -> None:
    assert read_yaml("go2rtc") == {
        "streams": {camera.name: [camera.stream(local=True), f"ffmpeg:{camera.name}#video=h264"] for camera in BOTH}
    }


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_a_camera_named_like_a_number_stays_a_name(name: str) -> None:
    camera = SharedCamera("1e3", FRONT.url, FRONT.local_url, "", 640, 480, 5)
    text = INTEGRATIONS[name]([camera])
    assert "token" not in text
    if name in ("frigate", "mediamtx", "go2rtc"):
        table = yaml.safe_load(text)
        names = table.get("cameras") or table.get("paths") or table.get("streams")
        assert list(names) == ["1e3"]


# The command


def integrate(config: object, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "framebus", "integrate", *words, "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_each_program_gets_a_token_of_its_own_once(configure: Configure) -> None:
    config = configure(gateway="allow_anonymous = true")
    assert config.path is not None
    config.path.write_text(config.path.read_text().replace("127.0.0.1", "0.0.0.0"))

    first = integrate(config.path, "go2rtc", "--camera", "front")

    assert first.returncode == 0, first.stderr
    url = urlsplit(yaml.safe_load(first.stdout)["streams"]["front"][0])
    (token,) = parse_qs(url.query)["token"]
    stored = accounts.read(config.secrets).tokens["go2rtc"]
    assert (stored.sha256, stored.scopes, stored.cameras) == (token_hash(token), ("view", "snapshot"), ("front",))

    again = integrate(config.path, "go2rtc")
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1] == (
        "there is a token go2rtc already, which cannot be shown again; to replace it, add --new-token"
    )
    assert integrate(config.path, "go2rtc", "--new-token").returncode == 0
    assert accounts.read(config.secrets).tokens["go2rtc"].sha256 != stored.sha256


@pytest.mark.slow
def test_a_machine_that_needs_no_token_is_not_closed_by_one(configure: Configure) -> None:
    config = configure()
    done = integrate(config.path, "octoprint", "--host", "printer.local")
    assert done.returncode == 0, done.stderr
    assert "token" not in done.stdout
    assert json.dumps(f"http://printer.local:{config.gateway.listen.port}/camera/front/stream.mjpg") in done.stdout
    assert not config.secrets.exists()
