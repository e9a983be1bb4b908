"""What `make test` says and does where programs are missing: installs them where it may, else says so in one line."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tests" / "system_packages.sh"


def script(folder: Path, *arguments: str, programs: dict[str, str], **variables: str) -> tuple[int, list[str]]:
    """Run it where only these programs are; returns its status and its lines."""
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    for name in ("env", "paste", "cat"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    # The script itself adds /usr/sbin and /sbin, where no program of these tests is.
    done = subprocess.run(
        ["/bin/bash", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        env={"PATH": str(folder), **variables},
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_it_names_every_package() -> None:
    listed = subprocess.run([SCRIPT, "list", "tests", "machines"], capture_output=True, text=True, check=True).stdout
    names = listed.split()
    assert len(names) == len(set(names))
    assert {"gcc", "ffmpeg", "chromium", "nginx-light", "qemu-system-x86", "mmdebstrap"} <= set(names)


@pytest.mark.parametrize(
    "programs",
    [
        {"id": "echo 1000"},
        {"id": "echo 1000", "apt-get": "exit 1"},
        {"id": "echo 1000", "apt-get": "exit 1", "sudo": "exit 1"},
    ],
    ids=["no apt", "no sudo", "a sudo that asks for a password"],
)
def test_who_may_not_install_is_told_in_one_line(programs: dict[str, str], tmp_path: Path) -> None:
    status, lines = script(tmp_path, "install", "tests", programs=programs)
    assert status == 0
    (line,) = lines
    assert line.startswith("Tests that need these packages are skipped; run: sudo apt install ")
    assert " curl " in line


def test_root_installs_with_apt(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    programs = {"id": "echo 0", "apt-get": f'echo "$@" >> {asked}'}
    status, lines = script(tmp_path, "install", "tests", programs=programs)
    assert status == 0
    assert lines[0].startswith("Installing what the tests call, by apt")
    assert " curl " in asked.read_text().splitlines()[-1]


def test_others_install_with_a_sudo_that_asks_for_no_password(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    sudo = f'[ "$1" = -n ] && exit 0; echo "$@" >> {asked}'
    status, lines = script(tmp_path, "install", "tests", programs={"id": "echo 1000", "apt-get": "", "sudo": sudo})
    assert status == 0
    assert lines[0].startswith("Installing what the tests call, by apt")
    assert "apt-get install" in asked.read_text().splitlines()[-1]


def test_an_apt_that_fails_ends_nothing(tmp_path: Path) -> None:
    status, lines = script(tmp_path, "install", "tests", programs={"id": "echo 0", "apt-get": "exit 100"})
    assert status == 0
    assert lines[-1].startswith("apt could not install them; tests that need one of them are skipped: ")


def test_nothing_is_installed_where_that_is_asked_for(tmp_path: Path) -> None:
    programs = {"id": "echo 0", "apt-get": "exit 1"}
    status, lines = script(tmp_path, "install", "tests", programs=programs, FRAMEBUS_NO_APT="1")
    assert status == 0
    assert lines[0].startswith("Tests that need these packages are skipped; run: sudo apt install ")
