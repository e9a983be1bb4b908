"""What an installation changes on the machine, with a systemctl that notes what it is asked."""

import os
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
