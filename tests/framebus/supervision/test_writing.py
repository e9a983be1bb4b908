"""What supervisord and the processes start from: the programs, and the checked copy of the configuration."""

import configparser
import stat
import sys
from pathlib import Path

import pytest
from supervisor.datatypes import dict_of_key_value_pairs

from framebus.commands.up import supervisord_conf
from framebus.config.load import Config, ConfigError, load, parse
from framebus.runtime import launch
from framebus.runtime.run_dir import RunDirError, prepare
from framebus.supervision.files import NEXT, Files
from framebus.supervision.writing import write, write_cameras, write_copy
from tests.conftest import Configure

TWO_CAMERAS = '[camera.front]\nsource = "testcard"\n[camera.back-door]\nsource = "testcard"\n'
LAUNCH = '"%(ENV_FRAMEBUS_PYTHON)s" -P -S "%(ENV_FRAMEBUS_LAUNCHER)s" -m'


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO_CAMERAS)


# The programs


def cameras_of(config: Config) -> configparser.RawConfigParser:
    """What supervisord reads of the cameras, along with supervisord.conf."""
    write_cameras(config, Files.of(config.run_dir).cameras)
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parser.read([supervisord_conf(), config.run_dir / "cameras.conf"])
    return parser


def test_each_camera_has_a_program(config: Config) -> None:
    parser = cameras_of(config)

    assert parser["program:capture-front"]["command"] == f"{LAUNCH} capture front"
    assert parser["program:capture-back-door"]["command"] == f"{LAUNCH} capture back-door"


def test_a_camera_is_run_as_the_other_processes_are(config: Config) -> None:
    parser = cameras_of(config)

    camera = {key: value for key, value in parser["program:capture-front"].items() if key != "command"}
    for name in ("program:gateway", "program:snapshot"):
        assert {key: value for key, value in parser[name].items() if key != "command"} == camera


def test_all_programs_are_in_one_group_so_that_they_end_at_once(config: Config) -> None:
    parser = cameras_of(config)

    programs = {name.removeprefix("program:") for name in parser.sections() if name.startswith("program:")}
    assert programs == {"gateway", "snapshot", "capture-front", "capture-back-door"}
    assert set(parser["group:framebus"]["programs"].split(",")) == programs


def test_each_worker_of_the_gateway_has_a_program_like_the_first_ones(configure: Configure) -> None:
    parser = cameras_of(configure(TWO_CAMERAS, gateway="workers = 3"))

    gateway = dict(parser["program:gateway"])
    for number in (1, 2):
        worker = dict(parser[f"program:gateway-{number}"])
        assert worker.pop("command") == f"{gateway['command']} --worker {number}"
        assert worker == {key: value for key, value in gateway.items() if key != "command"}
    assert "program:gateway-3" not in parser.sections()
    assert {"gateway", "gateway-1", "gateway-2"} <= set(parser["group:framebus"]["programs"].split(","))


def test_a_camera_of_a_program_has_no_capture_and_each_program_is_run(configure: Configure) -> None:
    config = configure(
        '[camera.marked]\nsource = "program"\n'
        '[program.detector]\ncommand = ["{python}", "de tector.py", "%"]\nenvironment = { MODEL = "100 %" }\n'
    )
    parser = cameras_of(config)

    assert "program:capture-marked" not in parser.sections()
    section = parser["program:program-detector"]
    assert section["command"] == f"{LAUNCH.removesuffix(' -m')} --program detector", "all users can read it in /proc"
    environment = dict_of_key_value_pairs(section["environment"])
    assert list(environment) == ["FRAMEBUS_PROGRAM"]
    assert launch.unpacked(environment["FRAMEBUS_PROGRAM"]) == {
        "command": [sys.executable, "de tector.py", "%"],
        "directory": str(config.run_dir),
        "environment": {"MODEL": "100 %"},
    }
    assert set(parser["group:framebus"]["programs"].split(",")) == {"gateway", "snapshot", "program-detector"}
    assert (config.run_dir / "cameras.conf").stat().st_mode & 0o777 == 0o600


def test_a_camera_that_is_no_more_has_no_program(config: Config) -> None:
    cameras_of(config)
    parser = cameras_of(parse({"run_dir": str(config.run_dir), "camera": {"front": {}}}, None))

    assert "program:capture-back-door" not in parser.sections()


def test_cameras_that_cannot_be_written_are_said(config: Config) -> None:
    file = config.run_dir / "cameras.conf"
    file.mkdir()

    with pytest.raises(RunDirError) as caught:
        write_cameras(config, Files.of(config.run_dir).cameras)
    assert str(caught.value) == f"cannot write {file}: Is a directory"


def test_a_camera_of_another_machine_has_no_program(configure: Configure) -> None:
    parser = cameras_of(configure('[camera.front]\n[camera.far]\nconnect = "tcp://127.0.0.1:5555"\n'))

    assert "program:capture-front" in parser
    assert "program:capture-far" not in parser
    assert parser["group:framebus"]["programs"] == "gateway,snapshot,capture-front"


# The copy that the processes read


def test_the_copy_is_the_configuration_and_for_this_user_alone(config: Config) -> None:
    assert write_copy(config, Files.of(config.run_dir).copy) == config

    copy = config.run_dir / "checked.toml"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert load(copy) == config


def test_a_later_edit_does_not_reach_the_copy(config: Config) -> None:
    assert config.path is not None
    write_copy(config, Files.of(config.run_dir).copy)
    config.path.write_text("fps = ")

    assert load(config.run_dir / "checked.toml") == config


def test_a_file_that_was_broken_since_it_was_read_is_refused(config: Config) -> None:
    assert config.path is not None
    config.path.write_text("[gateway]\nlisten = 1\n")

    with pytest.raises(ConfigError) as caught:
        write_copy(config, Files.of(config.run_dir).copy)
    assert str(caught.value).startswith(f"{config.path}: gateway.listen: found 1; ")


def test_a_file_with_another_run_dir_than_a_moment_ago_is_refused(config: Config) -> None:
    assert config.path is not None
    config.path.write_text('run_dir = "elsewhere"\n')

    with pytest.raises(RunDirError) as caught:
        write_copy(config, Files.of(config.run_dir).copy)
    assert str(caught.value) == f"{config.path} was changed while framebus read it; start framebus again"


def test_the_defaults_have_a_copy_too(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run_dir))
    monkeypatch.chdir(run_dir)
    config = parse({}, None)
    prepare(config)
    write_copy(config, Files.of(config.run_dir).copy)
    (run_dir / "framebus.toml").write_text("a file that was made later")

    assert load(config.run_dir / "checked.toml") == config


def test_the_files_of_a_reload_take_the_place_of_those_in_force_at_once(config: Config) -> None:
    assert config.path is not None
    in_force, following = Files.of(config.run_dir), Files.of(config.run_dir, NEXT)
    write(config, in_force)
    config.path.write_text(config.path.read_text().replace("back-door", "garden"))
    written = write(load(config.path), following)
    assert load(in_force.copy) == config

    following.replace(in_force)

    assert load(in_force.copy) == written
    assert "capture-garden" in in_force.cameras.read_text()
    assert not following.copy.exists()
    assert not following.cameras.exists()
