"""framebus.toml: what it means, and where it is found."""

import os
from pathlib import Path

import pytest

from framebus.config import load as configuration
from framebus.config.address import Address
from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.load import Config, ConfigError, find, load, parse
from framebus.config.recorder import RecorderConfig
from framebus.config.size import Size
from framebus.config.snapshot import SnapshotConfig
from framebus.config.source_spec import SourceSpec


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(configuration.ENVIRONMENT, raising=False)
    return tmp_path


def sample(folder: Path, camera: str) -> Path:
    """A file that is told from others by its camera."""
    folder.mkdir(exist_ok=True)
    file = folder / "framebus.toml"
    file.write_text(f"[camera.{camera}]\n")
    return file


# What it means


def test_an_empty_file_is_one_camera_called_front() -> None:
    config = parse({}, None)

    assert config.cameras == {"front": CameraConfig()}
    assert config.gateway == GatewayConfig()
    assert config.snapshot == SnapshotConfig()
    assert (config.path, config.first_camera) == (None, "front")


def test_the_defaults_are_those_that_are_documented() -> None:
    camera, gateway = CameraConfig(), GatewayConfig()

    assert (str(camera.source), str(camera.size), camera.fps, camera.quality) == ("auto", "1280x720", 30, 80)
    assert (camera.idle_fps, camera.orientation) == (1, 1)
    assert (str(gateway.listen), gateway.allow_anonymous, gateway.max_viewers) == ("127.0.0.1:8080", False, 1000)
    assert (gateway.snapshot_timeout, gateway.workers, SnapshotConfig().stale_after) == (5, 1, 10)
    assert (camera.stall_timeout, camera.hflip, camera.vflip, camera.still_size, camera.controls) == (
        5,
        False,
        False,
        None,
        {},
    )
    assert (SnapshotConfig().history, SnapshotConfig().history_mb) == (0, 64)


def test_every_key_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(
        'run_dir = "/run/cameras"\nstate_dir = "/var/lib/cameras"\n'
        'secrets = "/etc/cameras.secrets"\ngroup = "video"\n'
        '[camera.back-door]\nsource = "v4l2:/dev/video2"\nsize = "640x480"\nfps = 12.5\nquality = 60\nidle_fps = 0\n'
        'orientation = 6\nhflip = true\nvflip = true\ncontrols = { brightness = 0.5, "AwbMode" = "Indoor" }\n'
        '[camera.front]\nsource = "testcard"\n'
        '[gateway]\nlisten = "0.0.0.0:80"\nallow_anonymous = true\nmax_viewers = 5\nsnapshot_timeout = 0.5\n'
        "workers = 4\n"
        "[snapshot]\nstale_after = 60\n"
    )

    assert load(file) == Config(
        path=file,
        run_dir=Path("/run/cameras"),
        state_dir=Path("/var/lib/cameras"),
        secrets=Path("/etc/cameras.secrets"),
        user=None,
        group="video",
        cameras={
            "back-door": CameraConfig(
                source=SourceSpec("v4l2", "/dev/video2"),
                size=Size(640, 480),
                fps=12.5,
                quality=60,
                idle_fps=0,
                orientation=6,
                hflip=True,
                vflip=True,
                controls={"brightness": 0.5, "AwbMode": "Indoor"},
            ),
            "front": CameraConfig(source=SourceSpec("testcard")),
        },
        gateway=GatewayConfig(
            listen=Address("0.0.0.0", 80), allow_anonymous=True, max_viewers=5, snapshot_timeout=0.5, workers=4
        ),
        snapshot=SnapshotConfig(stale_after=60),
        programs={},
        recorder=RecorderConfig(folder="/var/lib/cameras/recordings"),
    )


def test_the_first_camera_is_the_first_of_the_file() -> None:
    assert parse({"camera": {"zebra": {}, "ant": {}}}, None).first_camera == "zebra"


def test_paths_are_relative_to_the_file() -> None:
    table = {"run_dir": "sockets", "camera": {"clip": {"source": "clips/door.mp4"}}}

    config = parse(table, Path("/etc/framebus/framebus.toml"))

    assert config.run_dir == Path("/etc/framebus/sockets")
    assert config.cameras["clip"].source == SourceSpec("media", "/etc/framebus/clips/door.mp4")


def test_paths_are_relative_to_the_working_directory_without_a_file(nowhere: Path) -> None:
    assert parse({"run_dir": "sockets"}, None).run_dir == nowhere / "sockets"


def test_a_relative_name_of_the_file_gives_absolute_paths(nowhere: Path) -> None:
    (nowhere / "my.toml").write_text('run_dir = "sockets"')

    assert load("my.toml").run_dir == nowhere / "sockets"


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/cam")

    config = parse({"run_dir": "~/run", "camera": {"clip": {"source": "~/door.mp4"}}}, None)

    assert config.run_dir == Path("/home/cam/run")
    assert config.cameras["clip"].source.target == "/home/cam/door.mp4"


def test_a_url_stays_what_it_is() -> None:
    config = parse({"camera": {"door": {"source": "rtsp://10.0.0.9/a"}}}, Path("/etc/framebus/framebus.toml"))

    assert config.cameras["door"].source == SourceSpec("media", "rtsp://10.0.0.9/a")


def test_the_run_dir_is_within_the_session_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert parse({}, None).run_dir == Path("/run/user/1000/framebus")

    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert parse({}, None).run_dir == Path(f"/tmp/framebus-{os.getuid()}")


@pytest.mark.parametrize(
    ("environment", "user", "state_dir"),
    [
        ({"STATE_DIRECTORY": "/var/lib/cams:/var/lib/b", "XDG_STATE_HOME": "/x"}, 1000, "/var/lib/cams"),
        (
            {"XDG_STATE_HOME": "/home/anna/state", "XDG_RUNTIME_DIR": "/run/user/1000"},
            1000,
            "/home/anna/state/framebus",
        ),
        ({"XDG_STATE_HOME": "state"}, 1000, "{home}/.local/state/framebus"),
        ({}, 1000, "{home}/.local/state/framebus"),
        ({}, 0, "/var/lib/framebus"),
        ({"HOME": "/nonexistent", "XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, "/run/user/1000/framebus"),
    ],
)
def test_the_state_dir_outlives_a_reboot(
    environment: dict[str, str], user: int, state_dir: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "geteuid", lambda: user)

    assert parse({}, None).state_dir == Path(state_dir.format(home=tmp_path))


def test_a_state_dir_of_the_file_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/cams")

    assert parse({"state_dir": "/srv/state"}, None).state_dir == Path("/srv/state")


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", ":8080", "[::]:8080", "camera.local:80"])
def test_everybody_may_watch_where_the_file_says_so(listen: str) -> None:
    assert str(parse({"gateway": {"listen": listen, "allow_anonymous": True}}, None).gateway.listen) == listen


# Where it is found


def test_without_a_file_the_defaults_are_in_force(nowhere: Path) -> None:
    missing = nowhere / "etc" / "framebus.toml"
    assert find(system_file=missing) is None
    assert load(system_file=missing) == parse({}, None)


def test_the_file_of_the_machine_is_the_last_choice(nowhere: Path) -> None:
    system = sample(nowhere / "etc", "etc")
    assert (find(system_file=system), load(system_file=system).first_camera) == (system, "etc")


def test_the_file_of_the_working_directory_comes_before_that_of_the_machine(nowhere: Path) -> None:
    system = sample(nowhere / "etc", "etc")
    sample(nowhere, "here")
    assert (find(system_file=system), load(system_file=system).first_camera) == (Path("framebus.toml"), "here")


def test_the_environment_comes_before_the_working_directory(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(nowhere, "here")
    named = sample(nowhere / "named", "named")
    monkeypatch.setenv("FRAMEBUS_CONFIG", str(named))
    assert (find(), load().first_camera, load().path) == (named, "named", named)


def test_the_argument_comes_before_the_environment(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEBUS_CONFIG", str(sample(nowhere / "named", "named")))
    argument = sample(nowhere / "argument", "argument")
    assert (find(argument), load(argument).first_camera) == (argument, "argument")


def test_an_empty_name_is_none(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEBUS_CONFIG", "")
    assert find("", system_file=nowhere / "none.toml") is None


def test_a_file_that_the_environment_names_must_be_there(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(nowhere, "here")
    monkeypatch.setenv("FRAMEBUS_CONFIG", "none.toml")
    with pytest.raises(ConfigError, match=r"\Anone\.toml: No such file or directory; allowed: a file that can be"):
        load()


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_bytes(b"\xef\xbb\xbf[camera.yard]\n")
    assert list(load(file).cameras) == ["yard"]
