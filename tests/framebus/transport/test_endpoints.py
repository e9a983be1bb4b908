"""Where a camera is connected to, here or elsewhere."""

from pathlib import Path

import pytest

from framebus import request_controls
from framebus.config.load import Config, ConfigError, load, parse
from framebus.credentials.curve_keys import CurveKeys, KeyPair, changing
from framebus.protocol.controls import ControlError
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint

KEY = "x" * 40
FAR = {"connect": "tcp://10.0.0.7:5555", "server_key": KEY}


def configured(folder: Path, **camera: object) -> Config:
    return parse({"run_dir": "/run/x", "camera": {"front": camera}}, folder / "framebus.toml", keys=False)


@pytest.fixture
def client(tmp_path: Path) -> KeyPair:
    pair = KeyPair.make()
    with changing(tmp_path / "framebus.secrets") as held:
        held[0] = CurveKeys(client=pair)
    return pair


def test_a_camera_of_this_machine_is_in_its_folder(tmp_path: Path) -> None:
    config = configured(tmp_path)
    assert endpoints.frames(config, "front") == Endpoint("ipc:///run/x/front.frames")
    assert endpoints.controls(config, "front") == Endpoint("ipc:///run/x/front.control")
    assert endpoints.events(config) == Endpoint("ipc:///run/x/events")
    assert endpoints.snapshot(config) == Endpoint("ipc:///run/x/snapshot")
    assert endpoints.recorder(config) == Endpoint("ipc:///run/x/recorder")
    assert endpoints.frames(config, "front").same_host


def test_a_camera_of_another_machine_is_there_behind_both_keys(tmp_path: Path, client: KeyPair) -> None:
    config = configured(tmp_path, **FAR, connect_control="tcp://10.0.0.7:5556")
    assert endpoints.frames(config, "front") == Endpoint("tcp://10.0.0.7:5555", KEY, client)
    assert endpoints.controls(config, "front") == Endpoint("tcp://10.0.0.7:5556", KEY, client)
    assert not endpoints.frames(config, "front").same_host


def test_without_server_key_it_is_there_without_keys(tmp_path: Path, client: KeyPair) -> None:
    config = configured(tmp_path, connect="tcp://127.0.0.1:5555")
    assert endpoints.frames(config, "front") == Endpoint("tcp://127.0.0.1:5555")
    assert not endpoints.frames(config, "front").same_host


def test_controls_that_are_not_connected_are_none(tmp_path: Path) -> None:
    assert endpoints.controls(configured(tmp_path, **FAR), "front") is None
    file = tmp_path / "framebus.toml"
    file.write_text('[camera.front]\nconnect = "tcp://127.0.0.1:5555"\n')
    with pytest.raises(ControlError) as error:
        request_controls("front", config=file)
    assert error.value.code == "not-connected"
    assert str(error.value) == (
        "camera front is on another machine, and its controls are not connected; "
        "set connect_control in [camera.front], and control there"
    )


def test_a_camera_of_a_program_has_no_controls(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text('[camera.marked]\nsource = "program"\n')
    with pytest.raises(ControlError) as error:
        request_controls("marked", config=file)
    assert (error.value.code, str(error.value)) == (
        "not-connected",
        "camera marked has no controls: a program publishes it",
    )


def test_without_a_key_of_this_machine_it_is_said_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        endpoints.frames(configured(tmp_path, **FAR), "front")
    assert str(error.value) == (
        f"{tmp_path / 'framebus.secrets'} has no key of this machine, to connect to tcp://10.0.0.7:5555; "
        "run: framebus keys client"
    )


def test_keys_that_cannot_be_read_are_a_mistake_of_the_configuration(tmp_path: Path, client: KeyPair) -> None:
    (tmp_path / "framebus.secrets").chmod(0o644)
    with pytest.raises(ConfigError) as error:
        endpoints.frames(configured(tmp_path, **FAR), "front")
    assert len(error.value.mistakes) == 1
    assert error.value.mistakes[0].startswith(f"{tmp_path}/framebus.secrets can be read by others (mode 0644)")


def test_a_program_names_an_endpoint_with_or_without_a_key(tmp_path: Path, client: KeyPair) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text("")
    assert endpoints.from_arguments("tcp://10.0.0.7:5555", None, file) == Endpoint("tcp://10.0.0.7:5555")
    assert endpoints.from_arguments("tcp://10.0.0.7:5555", KEY, file) == Endpoint("tcp://10.0.0.7:5555", KEY, client)
    with pytest.raises(ValueError, match=r"^server_key: allowed: the 40 characters"):
        endpoints.from_arguments("tcp://10.0.0.7:5555", "short", file)


def test_what_else_the_secrets_file_lacks_stops_no_program(tmp_path: Path, client: KeyPair) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text('[camera.front]\npublish = "tcp://0.0.0.0:5555"\n')
    with pytest.raises(ConfigError, match="framebus keys"):
        load(file)
    assert endpoints.from_arguments("tcp://10.0.0.7:5555", KEY, file) == Endpoint("tcp://10.0.0.7:5555", KEY, client)
