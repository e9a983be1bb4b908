"""Which configuration a command of root works on, and whom it trusts to name one."""

import os
from pathlib import Path

import pytest

from framebus.commands import which_config
from framebus.config.load import ConfigError
from tests.framebus.commands.procfs import add_supervisor, make_procfs


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return make_procfs(tmp_path)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A command of root without sudo, in a folder without a configuration."""
    for name in ("FRAMEBUS_CONFIG", "SUDO_UID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("as_root")
def test_root_takes_no_configuration_from_the_process_of_another_user(proc: Path, tmp_path: Path) -> None:
    """Any user can run a process that looks like a supervisor, and root writes where the configuration says."""
    system = tmp_path / "system.toml"
    add_supervisor(proc, 7, "/home/mallory/own.toml", uid=1001)
    for here in (False, True):
        if here:
            (tmp_path / "framebus.toml").touch()
        with pytest.raises(ConfigError) as refused:
            which_config.locate(None, proc, system)
        assert str(refused.value) == (
            "the framebus that runs here is of user 1001; name its configuration with --config: /home/mallory/own.toml"
        )
    system.touch()
    assert which_config.locate(None, proc, system) == system
    system.unlink()
    add_supervisor(proc, 8, str(tmp_path / "framebus.toml"), uid=0)
    assert which_config.locate(None, proc, system) == tmp_path / "framebus.toml"


@pytest.mark.usefixtures("as_root")
def test_root_works_on_the_framebus_of_the_user_who_ran_sudo(
    proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.touch()
    add_supervisor(proc, 7, str(own), uid=1000)
    add_supervisor(proc, 8, "/home/mallory/own.toml", uid=1001)
    monkeypatch.setenv("SUDO_UID", "1000")
    assert which_config.locate(None, proc, tmp_path / "none") == own
    monkeypatch.setenv("SUDO_UID", "²")
    with pytest.raises(ConfigError):
        which_config.locate(None, proc, tmp_path / "none")


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_root_asks_no_process_of_a_user_who_has_no_say_in_the_file(
    proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for `framebus status`, which shows the answer, nor for `framebus doctor`, which becomes that user."""
    file = tmp_path / "own.toml"
    file.write_text(f'state_dir = "{tmp_path}/state"\n')
    os.chown(file, 1000, 1000)
    add_supervisor(proc, 7, str(file), uid=1001)
    add_supervisor(proc, 8, str(file), uid=1000)
    assert [one.pid for one in which_config.running_with(file, proc)] == [8]

    os.chown(file, 0, 0)
    assert which_config.running_with(file, proc) == []
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 1000, 1000)
    assert [one.pid for one in which_config.running_with(file, proc)] == [8]

    file.write_text("fps = ")
    assert which_config.running_with(file, proc) == []
    monkeypatch.setenv("SUDO_UID", "1001")
    assert [one.pid for one in which_config.running_with(file, proc)] == [7]
