"""The gateway changes a file that it may not write, through the settings service on a real socket."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.config.checked_copy import FILE_NAME, Original, copy_of
from framebus.config.load import Config, ConfigError
from framebus.settings.change import AddCamera, SetNetwork
from framebus.settings.change_service import ChangeService
from framebus.settings.config_file import NOT_RUNNING, ConfigFile, version_of
from framebus.settings.settings_error import SettingsError
from framebus.settings.system_config_file import SystemConfigFile, config_file
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS

CAMERA = AddCamera("garden", {"source": "testcard"})
IDLE_SECONDS = 0.05


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


@pytest.fixture
def path(config: Config) -> Path:
    assert config.path is not None
    config.path.parent.chmod(0o755)
    return config.path


@pytest.fixture
def served(path: Path, tmp_path: Path) -> Iterator[Path]:
    """The socket of the service, for this file and this user."""
    place = tmp_path / "settings.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        service = ChangeService(path, frozenset({os.geteuid()}), pause_seconds=0, announcements=tmp_path / "none")
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():  # on a busy machine, a client may come when it has ended
                service.serve(listener, IDLE_SECONDS)

        thread = threading.Thread(target=serve)
        thread.start()
        yield place
        ended.set()
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


@pytest.fixture
def file(served: Path, path: Path, config: Config) -> SystemConfigFile:
    return SystemConfigFile(path, config.run_dir, served)


def test_a_change_is_made_and_applied(file: SystemConfigFile, path: Path) -> None:
    before = path.read_text()
    assert file.apply(*file.carry_out(CAMERA, version=version_of(before))) == [NOT_RUNNING]
    assert path.read_text() == f'{before.rstrip()}\n\n[camera.garden]\nsource = "testcard"\n'


def test_what_the_running_framebus_refuses_is_taken_back(file: SystemConfigFile, path: Path) -> None:
    before, after = file.carry_out(CAMERA)
    assert path.read_text() == after != before
    file.take_back(before, after)
    assert path.read_text() == before
    file.apply(before, after)


def test_what_this_user_sees_and_the_service_does_not_is_checked_before(
    file: SystemConfigFile, path: Path, config: Config
) -> None:
    before = path.read_text()
    with pytest.raises(ConfigError, match="framebus passwd NAME"):  # there are no users
        file.carry_out(SetNetwork(open=True))
    with pytest.raises(SettingsError, match="was changed meanwhile"):
        file.carry_out(CAMERA, version="0" * 16)
    (config.run_dir / FILE_NAME).write_bytes(copy_of(b"# earlier\n", Original(path, path.parent)))
    os.utime(path, (0, 0))
    with pytest.raises(SettingsError, match="was edited by hand"):
        file.carry_out(CAMERA)
    assert path.read_text() == before


def test_a_refusal_of_the_service_is_passed_on(file: SystemConfigFile, path: Path) -> None:
    path.chmod(0o666)
    with pytest.raises(SettingsError) as refused:
        file.carry_out(CAMERA)
    assert refused.value.code == "read-only"


def test_without_the_service_the_change_has_failed(path: Path, config: Config) -> None:
    with pytest.raises(SettingsError, match=r"framebus-settings\.socket cannot be used: No such file"):
        SystemConfigFile(path, config.run_dir, path.with_name("none.sock")).carry_out(CAMERA)


def test_it_is_used_for_the_file_of_the_service_only_and_where_that_cannot_be_written(
    served: Path, path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type(config_file(path, config.run_dir, system_file=path, service=served)) is ConfigFile
    really = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: place != path and really(place, mode))  # root may everything
    assert type(config_file(path, config.run_dir, service=served)) is ConfigFile
    found = config_file(path, config.run_dir, system_file=path, service=served)
    assert type(found) is SystemConfigFile
    assert found.why_read_only() == ""
