"""Each printed configuration is read as its program reads it, and holds what that program allows."""

import configparser
import json
import re
import shlex
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
NAMES = ["front", "1e3", "123", "0x1f", "1_000", "2026-11-29", "on", "no", "null", "y", "true", "all"]
"""Names of cameras that YAML 1.1 or 1.2 or MediaMTX reads as something else when they are not quoted."""


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
    assert config["go2rtc"]["streams"]["front"] == [f"ffmpeg:{FRONT.stream()}#input=framebus#video=h264"]
    assert set(config["cameras"]) == {"front", "garden"}
    front = config["cameras"]["front"]
    roles = [(entry["path"], entry["roles"]) for entry in front["ffmpeg"]["inputs"]]
    assert roles == [("rtsp://127.0.0.1:8554/front", ["record"]), (FRONT.stream(), ["detect"])]
    assert front["detect"] == {"width": 1280, "height": 720, "fps": 5}


def test_motion() -> None:
    """By hand, motion 4.5.1 stored 100 pictures in 10 s of a test card of 10 per second, with `emulate_motion on`."""
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


def test_mediamtx_takes_every_key_value_and_path() -> None:
    """By path.go, duration.go and yamlwrapper of MediaMTX (internal/conf), which refuses keys it does not know."""
    cameras = [SharedCamera(name, FRONT.url, FRONT.local_url, FRONT.token, 640, 480, 5) for name in NAMES]
    table = yaml.safe_load(INTEGRATIONS["mediamtx"](cameras))
    assert set(table) == {"paths"}
    for name, path in table["paths"].items():
        assert isinstance(path["runOnDemand"], str)
        assert path["runOnDemandRestart"] is True
        assert re.fullmatch("([0-9]+(ms|s|m|h))+", path["runOnDemandCloseAfter"])  # time.ParseDuration of Go
        if name.startswith("~"):
            assert re.fullmatch(name[1:], name[2:-1])
        else:
            assert re.fullmatch("[0-9a-zA-Z_./~-]+", name)
            assert name not in ("all", "all_others"), "it would start the camera for every path that is asked for"
    assert list(table["paths"]) == ["~^all$" if name == "all" else name for name in NAMES]


def test_mediamtx_runs_the_command_without_a_shell() -> None:
    """By internal/externalcmd/cmd_os_other.go of MediaMTX: split as a shell does, then $VARIABLES in each word."""
    command = read_yaml("mediamtx")["paths"]["front"]["runOnDemand"]
    words = shlex.split(command)
    assert words[words.index("-i") + 1] == FRONT.stream(local=True)
    set_by_mediamtx = {"RTSP_PORT", "MTX_PATH"}  # docs of its hooks
    assert set(re.findall(r"\$\{?(\w+)", command)) == set_by_mediamtx
    assert not set(command) & set("|&;<>()`*{}\\")  # it knows no pipes, lists and wild cards


def test_go2rtc_and_the_one_in_frigate_split_each_source_as_meant() -> None:
    """By internal/streams/stream.go, internal/ffmpeg/ffmpeg.go and pkg/shell of go2rtc, create_config.py of Frigate."""
    own, in_frigate = read_yaml("go2rtc")["streams"], read_yaml("frigate")["go2rtc"]["streams"]
    assert read_yaml("frigate")["go2rtc"]["ffmpeg"]["framebus"].endswith(" -i {input}")
    listed = [(camera, source) for part in (own, in_frigate) for camera in part for source in part[camera]]
    assert len(listed) == 6
    for name, source in listed:
        assert isinstance(source, str)
        assert not re.search(r"[\s\"'{}$]", source)  # it splits at blanks and quotes, and fills in ${NAME} and {NAME}
        if source.startswith("ffmpeg:"):
            read, _, wanted = source.removeprefix("ffmpeg:").partition("#")
            if read == name:
                assert wanted == "video=h264"
            else:
                assert (urlsplit(read).scheme, wanted) == ("http", "input=framebus#video=h264")
        else:
            assert (urlsplit(source).scheme, urlsplit(source).fragment) == ("http", "")


def test_frigate_takes_every_key_and_value() -> None:
    """By config/camera/ffmpeg.py and detect.py, config/env.py, ffmpeg_presets.py and const.py of Frigate."""
    config = read_yaml("frigate")
    assert set(config) == {"go2rtc", "cameras"}
    for name, camera in config["cameras"].items():
        assert re.fullmatch("[a-zA-Z0-9_-]+", name)
        assert set(camera) == {"ffmpeg", "detect"}
        assert set(camera["ffmpeg"]) == {"inputs"}
        roles = [role for entry in camera["ffmpeg"]["inputs"] for role in entry["roles"]]
        assert sorted(roles) == ["detect", "record"]  # each once, and detect is required
        for entry in camera["ffmpeg"]["inputs"]:
            assert set(entry) == {"path", "input_args", "roles"}
            assert entry["path"].format() == entry["path"]  # it fills in {FRIGATE_NAME}
            scheme, preset = urlsplit(entry["path"]).scheme, entry["input_args"]
            assert (scheme, preset) in {("rtsp", "preset-rtsp-restream"), ("http", "preset-http-mjpeg-generic")}
        assert urlsplit(camera["ffmpeg"]["inputs"][0]["path"]).path.strip("/") in config["go2rtc"]["streams"]
        assert {key: type(value) for key, value in camera["detect"].items()} == {
            "width": int,
            "height": int,
            "fps": int,
        }


def test_what_frigate_and_mediamtx_make_of_a_stream_plays_at_its_own_pace() -> None:
    """The reader of multipart streams in ffmpeg (mpjpegdec.c) counts 25 frames per second unless told otherwise."""
    command = read_yaml("mediamtx")["paths"]["front"]["runOnDemand"]
    template = read_yaml("frigate")["go2rtc"]["ffmpeg"]["framebus"]
    for words in (shlex.split(command), shlex.split(template)):
        times = words.index("-use_wallclock_as_timestamps")
        assert words[times + 1] == "1"
        assert times < words.index("-i"), "an option of the output"


def test_go2rtc() -> None:
    assert read_yaml("go2rtc") == {
        "streams": {camera.name: [camera.stream(local=True), f"ffmpeg:{camera.name}#video=h264"] for camera in BOTH}
    }


@pytest.mark.parametrize("program", ["homeassistant", "frigate", "mediamtx", "go2rtc"])
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_camera_stays_text_in_each_version_of_yaml(program: str, name: str) -> None:
    camera = SharedCamera(name, FRONT.url, FRONT.local_url, "", 640, 480, 5)
    text = INTEGRATIONS[program]([camera])
    assert "token" not in text
    texts = [token for token in yaml.scan(text) if isinstance(token, yaml.ScalarToken)]
    styles = [token.style for token in texts if token.value in (name, f"~^{name}$")]
    assert '"' in styles
    assert set(styles) == {'"'} or name == "true", "an unquoted name"  # true is a value in mediamtx.yml too


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
