"""The Debian package: built and judged in Debian 13, installed there by apt, used as its service is, and purged."""

import re
import subprocess
from pathlib import Path

import pytest

from framebus import __version__
from framebus.config.load import load
from tests.debian.chroot import ROOT
from tests.packaging.conftest import MakeMachine
from tests.packaging.deb import NONINTERACTIVE, everything, install
from tests.packaging.machine import Machine
from tests.packaging.recipes import DEPENDS, USER
from tests.packaging.used import Site, processes
from tests.ports import free_ports

CONFIG = "/etc/framebus/framebus.toml"
LEFT_OUT = re.compile(r"missing +/usr/share/(doc|man)/")
"""By the settings for dpkg in the chroot."""


@pytest.fixture(scope="module")
def debian(make_machine: MakeMachine) -> Machine:
    """A Debian 13 with what the package depends on."""
    return make_machine("trixie")


def field(package: Path, name: str) -> str:
    done = subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_depends_on_debians_own_packages(deb: Path) -> None:
    depends = {re.split(r"[ :]", one)[0] for one in field(deb, "Depends").split(", ")}
    assert depends - {"python3"} == set(DEPENDS)
    assert field(deb, "Recommends") == "python3-av (>= 14.2), python3-numpy, python3-picamera2, python3-segno"
    assert (field(deb, "Architecture"), field(deb, "Version")) == ("all", __version__)


def test_lintian_finds_nothing(builder: Machine, deb: Path) -> None:
    name = f"/mnt/{deb.parent.name}/{deb.name}"
    done = builder.run("lintian", "--fail-on=error,warning", "--tag-display-limit=0", name, user=USER)
    assert (done.stdout, done.returncode) == ("", 0)


def serve(machine: Machine) -> None:
    """Start it as its unit does, look at it over HTTP, and stop it."""
    unit = machine.path("/usr/lib/systemd/system/framebus.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.+)$", unit, flags=re.M)
    machine.do("install", "-d", "-m", "700", "-o", "framebus", "-g", "framebus", "/run/framebus")
    up = machine.start(*command.split(), user="framebus", variables={"STATE_DIRECTORY": "/var/lib/framebus"})
    (listen,) = re.findall(r'^listen = "(.+)"', machine.path(CONFIG).read_text(), flags=re.M)
    site = Site(f"http://{listen}")
    site.wait(up)
    site.check()
    found = machine.do("framebus", "doctor")
    assert f"configuration: {CONFIG}" in found
    assert "videodev2 0.0." in found
    assert found.endswith("\nNo problems found.\n"), found
    assert machine.terminate(up) == 0, up.log
    assert "Traceback" not in up.log, up.log
    assert not processes(machine)


def test_it_is_closed_and_all_its_files_are_those_of_a_service() -> None:
    config = load(ROOT / "deploy" / "debian" / "framebus.toml")
    assert (str(config.gateway.listen), config.gateway.allow_anonymous) == ("127.0.0.1:8080", False)
    assert (str(config.run_dir), str(config.state_dir)) == ("/run/framebus", "/var/lib/framebus")
    assert str(config.secrets) == "/var/lib/framebus/secrets"


def test_its_life_on_a_machine(debian: Machine, older: Path, deb: Path) -> None:
    before = everything(debian)

    install(debian, older)
    assert debian.do("framebus", "--version") == f"framebus {__version__}\n"
    assert debian.do("stat", "-c", "%U:%G %a", CONFIG) == "root:framebus 640\n"
    assert debian.do("stat", "-c", "%U:%G %a", "/var/lib/framebus") == "framebus:framebus 700\n"
    existing = {line.split(":")[0] for line in debian.path("/etc/group").read_text().splitlines()} & {"render", "video"}
    assert set(debian.do("id", "-nG", "framebus").split()) == {"framebus", *existing}
    assert debian.path("/etc/systemd/system/multi-user.target.wants/framebus.service").is_symlink()
    assert [line for line in debian.do("dpkg", "--verify", "framebus").splitlines() if not LEFT_OUT.search(line)] == []
    config = debian.path(CONFIG)
    assert config.read_bytes() == (ROOT / "deploy" / "debian" / "framebus.toml").read_bytes()

    (port,) = free_ports(1)
    edited = config.read_text().replace('source = "auto"', 'source = "testcard"').replace(":8080", f":{port}")
    config.write_text(edited)
    serve(debian)

    install(debian, deb)
    assert config.read_text() == edited
    assert debian.do("stat", "-c", "%U:%G %a", CONFIG) == "root:framebus 640\n"
    assert debian.do("dpkg-query", "--show", "--showformat=${Version}", "framebus") == __version__
    serve(debian)

    debian.do("usermod", "--append", "--groups", "framebus", USER)
    debian.do("apt-get", "purge", "--yes", "framebus", variables=NONINTERACTIVE)
    assert everything(debian) == before
