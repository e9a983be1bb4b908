"""`sudo framebus install` in a Debian 13 without systemd, where framebus is in a home folder, as pipx puts it."""

import shutil
from pathlib import Path

import pytest

from framebus import __version__
from framebus.installation import avahi
from tests.packaging import built
from tests.packaging.conftest import MakeMachine
from tests.packaging.machine import Machine
from tests.packaging.recipes import PYTHONS, USER
from tests.ports import free_ports
from tests.processes import wait_until

IN_HOME = f"/home/{USER}/venv"
PYTHON = f"{IN_HOME}/bin/python"
WRITTEN = (
    "/etc/framebus/framebus.toml",
    "/etc/systemd/system/framebus.service",
    "/etc/systemd/system/framebus-settings.service",
    "/etc/systemd/system/framebus-settings.socket",
    "/etc/systemd/system/framebus.service.wants/framebus-settings.socket",
    "/etc/systemd/system/multi-user.target.wants/framebus.service",
    "/usr/local/bin/framebus",
    "/opt/framebus",
    "/var/lib/framebus",
)


@pytest.fixture(scope="module")
def machine(make_machine: MakeMachine, shared: Path, dist: Path) -> Machine:
    wheels = shared / "install"
    wheels.mkdir()
    built.download(PYTHONS["trixie"], wheels)
    shutil.copy(built.the_only(dist, "*.whl"), wheels)
    machine: Machine = make_machine("trixie")
    machine.path("/etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /mnt/install\n")
    machine.do("python3", "-m", "venv", IN_HOME, user=USER)
    machine.do(PYTHON, "-m", "pip", "install", "-q", "framebus", user=USER)
    return machine


def install(machine: Machine, *options: str, umask: str = "077") -> str:
    return machine.do("sh", "-c", f"umask {umask}; exec {PYTHON} -P -m framebus install {' '.join(options)}")


def are_there(machine: Machine) -> list[str]:
    return [file for file in WRITTEN if machine.path(file).exists() or machine.path(file).is_symlink()]


def test_only_root_installs(machine: Machine) -> None:
    refused = machine.run(PYTHON, "-P", "-m", "framebus", "install", user=USER)
    assert (refused.returncode, refused.stdout) == (2, "only root can do this; run: sudo framebus install\n")


def test_it_only_says_what_it_would_do(machine: Machine) -> None:
    said = install(machine, "--dry-run")
    assert "would copy framebus to /opt/framebus\nwould create user framebus in the groups video\n" in said
    assert are_there(machine) == []


def test_half_an_installation_is_undone(machine: Machine) -> None:
    machine.path("/usr/local/bin/framebus").write_text("another program\n")
    failed = machine.run(PYTHON, "-P", "-m", "framebus", "install")
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-5:] == [
        "undo  write /etc/framebus/framebus.toml, which only root and that user can read",
        "undo  create /var/lib/framebus for that user alone",
        "undo  create user framebus in the groups video",
        "undo  copy framebus to /opt/framebus",
        "cannot write /usr/local/bin/framebus: /usr/local/bin/framebus exists and is not of `framebus install`; "
        "remove it first",
    ]
    assert are_there(machine) == ["/usr/local/bin/framebus"]
    assert machine.run("id", "framebus").returncode != 0
    machine.path("/usr/local/bin/framebus").unlink()


def test_the_service_runs_whatever_the_umask_was(machine: Machine) -> None:
    said = install(machine)
    assert "systemd does not run here: framebus starts at the next boot." in said
    assert are_there(machine) == list(WRITTEN)
    assert machine.do("stat", "-c", "%U:%G %a", "/etc/framebus/framebus.toml") == "root:framebus 640\n"
    assert machine.do("stat", "-c", "%U:%G %a", "/var/lib/framebus") == "framebus:framebus 700\n"
    assert machine.do("framebus", "--version", user=USER) == f"framebus {__version__}\n"
    for unit in ("framebus.service", "framebus-settings.service", "framebus-settings.socket"):
        verify = machine.run("systemd-analyze", "verify", f"/etc/systemd/system/{unit}")
        assert verify.returncode in (0, 127), verify.stdout
    shutil.rmtree(machine.path("/run/framebus"), ignore_errors=True)
    machine.do("install", "-d", "-o", "framebus", "-g", "framebus", "-m", "700", "/run/framebus")
    line = next(
        line.removeprefix("ExecStart=")
        for line in machine.path("/etc/systemd/system/framebus.service").read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    machine.path(f"/home/{USER}").chmod(0o700)
    (port,) = free_ports(1)  # the machine has the network of this one
    config = machine.path("/etc/framebus/framebus.toml")
    config.write_text(config.read_text().replace(":8080", f":{port}").replace('source = "auto"', 'source = "testcard"'))
    up = machine.start("setpriv", "--reuid=framebus", "--regid=framebus", "--init-groups", *line.split())
    try:
        wait_until(lambda: f"camera front is there: open http://127.0.0.1:{port}/" in up.log, "the first picture", 60)
        assert "front" in machine.do("framebus", "status")
    except AssertionError as failure:
        raise AssertionError(f"{failure}; its log:\n{up.log}") from None
    assert machine.do("framebus", "reload").endswith("nothing was changed\n")
    assert machine.terminate(up) == 0


def test_again_it_does_nothing_and_keeps_the_configuration(machine: Machine) -> None:
    config = machine.path("/etc/framebus/framebus.toml")
    config.write_text(f"{config.read_text()}# mine\n")
    earlier = machine.path("/opt/.framebus.old")
    earlier.mkdir()
    install(machine, "--dry-run")
    assert earlier.exists()  # an installation that runs may go back to it
    said = install(machine)
    assert not earlier.exists()
    assert [line for line in said.splitlines() if line.startswith("now")] == []
    assert config.read_text().endswith("# mine\n")


def test_it_is_removed_without_a_trace(machine: Machine) -> None:
    said = machine.do(PYTHON, "-P", "-m", "framebus", "uninstall")
    assert said.endswith("/etc/framebus, /var/lib/framebus and user framebus are left; --purge removes them, too\n")
    assert are_there(machine) == ["/etc/framebus/framebus.toml", "/var/lib/framebus"]
    announcement = machine.path("/etc/avahi/services/framebus.service")
    announcement.parent.mkdir(parents=True, exist_ok=True)
    announcement.write_text("of another program\n")
    machine.do(PYTHON, "-P", "-m", "framebus", "uninstall", "--purge")
    assert are_there(machine) == []
    assert machine.run("id", "framebus").returncode != 0
    assert announcement.read_text() == "of another program\n"
    announcement.write_text(avahi.SERVICE.format(scheme="http", port=8080))
    machine.do(PYTHON, "-P", "-m", "framebus", "uninstall", "--purge")
    assert not announcement.exists()
