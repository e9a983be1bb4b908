"""What an installation changes on the machine, with a systemctl that notes what it is asked."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.installation import machine
from framebus.installation.step import InstallationError

SYSTEMCTL = """\
#!/bin/sh
echo "$*" >> {folder}/asked
case "$1" in {fails}) echo "$1 failed" >&2; exit 1 ;; esac
"""
NOBODY = pwd.getpwnam("nobody").pw_uid
Asked = Callable[[], list[str]]


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Asked]:
    """Put a systemctl into PATH of which some commands fail; what it returns tells what was asked of it."""

    def put(fails: str) -> Asked:
        program = tmp_path / "bin" / "systemctl"
        program.parent.mkdir()
        program.write_text(SYSTEMCTL.format(folder=tmp_path, fails=fails))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return lambda: (tmp_path / "asked").read_text().splitlines()

    return put


@pytest.mark.parametrize("fails", ["restart", "restart|stop"])
def test_a_service_that_does_not_start_is_stopped(fails: str, systemctl: Callable[[str], Asked]) -> None:
    """Else systemd starts it every two seconds, also when its files were removed."""
    asked = systemctl(fails)
    with pytest.raises(InstallationError, match=r"\Asystemctl restart framebus.service: restart failed\Z"):
        machine.start()
    assert asked() == ["daemon-reload", "restart framebus.service", "stop framebus.service"]


def test_a_service_that_starts_is_stopped_when_it_is_undone(systemctl: Callable[[str], Asked]) -> None:
    asked = systemctl("none")
    machine.start()()
    assert asked() == ["daemon-reload", "restart framebus.service", "stop framebus.service"]


@pytest.mark.parametrize("was_active", [True, False])
def test_systemd_reads_the_old_units_again_and_starts_what_ran(
    was_active: bool, systemctl: Callable[[str], Asked]
) -> None:
    asked = systemctl("none" if was_active else "is-active")
    assert machine.is_active() is was_active
    machine.take_up_again(was_active=was_active)
    assert asked()[1:] == (["daemon-reload", "start framebus.service"] if was_active else ["daemon-reload"])


@pytest.mark.root
def test_a_folder_that_root_used_is_given_to_the_service_with_what_is_in_it(tmp_path: Path) -> None:
    """As `sudo framebus up` leaves it: the secrets are 0600, and the service of another user could not read them."""
    folder, outside = tmp_path / "state", tmp_path / "outside"
    secrets, nested = folder / "secrets", folder / "deep" / "file"
    nested.parent.mkdir(parents=True)
    for file in (secrets, nested, outside):
        file.touch(mode=0o600)
    (folder / "link").symlink_to(outside)
    (folder / "deep" / "link").symlink_to(tmp_path)
    (folder / "hard").hardlink_to(outside)
    (folder / "of another").touch()
    os.chown(folder / "of another", 12345, 12345)
    own = (folder, nested.parent, secrets, nested, folder / "link")

    undo = machine.make_folder(folder, "nobody", 0o700)

    assert [file.lstat().st_uid for file in own] == [NOBODY] * len(own)
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert machine.has_folder(folder, "nobody", 0o700)
    assert [file.stat().st_uid for file in (outside, tmp_path)] == [0, 0]
    assert (folder / "of another").stat().st_uid == 12345
    undo()
    assert [file.lstat().st_uid for file in own] == [0] * len(own)


@pytest.mark.root
def test_the_target_of_a_linked_folder_is_given_and_a_new_folder_is_removed_again(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "secrets").touch()
    (tmp_path / "state").symlink_to(tmp_path / "disk")
    machine.make_folder(tmp_path / "state", "nobody", 0o700)
    assert (tmp_path / "disk" / "secrets").stat().st_uid == NOBODY
    undo = machine.make_folder(tmp_path / "new" / "state", "nobody", 0o700)
    assert machine.has_folder(tmp_path / "new" / "state", "nobody", 0o700)
    undo()
    assert not (tmp_path / "new" / "state").exists()


SERVICE, SOCKET = machine.LINKS


def test_an_update_that_is_undone_keeps_the_link_that_was_there(tmp_path: Path) -> None:
    """Of a version without the socket."""
    (tmp_path / SERVICE).parent.mkdir()
    (tmp_path / SERVICE).symlink_to(machine.UNIT)
    undo = machine.enable(tmp_path)
    assert machine.links(tmp_path) == [SERVICE, SOCKET]
    undo()
    assert machine.links(tmp_path) == [SERVICE]
    assert not (tmp_path / SOCKET).parent.exists()


def test_links_are_removed_without_a_trace_but_not_those_of_others(tmp_path: Path) -> None:
    machine.enable(tmp_path)
    other = (tmp_path / SOCKET).with_name("other.socket")
    other.touch()
    machine.disable(tmp_path)
    assert machine.links(tmp_path) == []
    other.unlink()
    machine.disable(tmp_path)
    assert not other.parent.exists()
