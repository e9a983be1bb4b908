"""The service under a real systemd: from its installation to its removal, each way as docs/install.md has it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from framebus import __version__
from tests.packaging import built
from tests.packaging.booted import ADDRESS, Booted
from tests.packaging.conftest import OLDER
from tests.packaging.deb import NONINTERACTIVE, everything, install
from tests.packaging.recipes import PYTHONS, USER
from tests.packaging.settings_check import ANNOUNCEMENT, check_hostile_requests, check_settings
from tests.processes import wait_until

UNIT = "framebus.service"
CONFIG = "/etc/framebus/framebus.toml"
START_SECONDS = 60.0
CAMERA = '\n[camera.back]\nsource = "testcard"\nsize = "320x240"\n'
IN_HOME = f"/home/{USER}/venv"
READER = """
import sys, urllib.request
stream = urllib.request.urlopen(sys.argv[1], timeout=20)
while stream.readline():
    print("line", flush=True)
"""
"""A viewer of a stream: prints until it ends."""


def show(machine: Booted, name: str) -> str:
    return machine.do("systemctl", "show", "--value", f"--property={name}", UNIT).strip()


def state(machine: Booted) -> tuple[str, str, str]:
    return show(machine, "ActiveState"), show(machine, "UnitFileState"), show(machine, "NRestarts")


def cameras(machine: Booted) -> dict[str, str]:
    """The state of each camera that the gateway serves."""
    status, content = machine.http("/api/cameras")
    return {camera["name"]: camera["state"] for camera in json.loads(content)["cameras"]} if status == 200 else {}


def serves(machine: Booted) -> bool:
    status, picture = machine.http("/snapshot.jpg")
    return status == 200 and picture.startswith(b"\xff\xd8")


def wait_for_picture(machine: Booted) -> None:
    journal = ("journalctl", "--no-pager", f"--unit={UNIT}", "--lines=40")
    try:
        wait_until(lambda: serves(machine), "a picture", START_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}; the journal:\n{machine.run(*journal).stdout}") from None


def reload(machine: Booted) -> tuple[int, str]:
    done = machine.run("systemctl", "reload", UNIT)
    return done.returncode, done.stdout


@contextmanager
def watched(machine: Booted) -> Iterator[None]:
    """Somebody watches the first camera, and is not cut off."""
    viewer = machine.start("python3", "-uc", READER, "http://127.0.0.1:8080/camera/front/stream.mjpg")
    viewer.wait_for("line")
    yield
    seen = viewer.log.count("line")
    wait_until(lambda: viewer.log.count("line") > seen + 10, f"more of the stream; {viewer.log[-500:]}")
    assert viewer.process.poll() is None
    viewer.close()


def check_reload(machine: Booted) -> None:
    """A camera is added and removed while somebody watches another one, and a mistake changes nothing."""
    file = machine.path(CONFIG)
    before, main = file.read_text(), show(machine, "MainPID")
    with watched(machine):
        file.write_text(before + CAMERA)
        assert reload(machine) == (0, "")
        wait_until(lambda: set(cameras(machine)) == {"front", "back"}, "the second camera")

        file.write_text(before + CAMERA.replace("320x240", "320"))
        status, _ = reload(machine)
        assert status != 0
        assert show(machine, "ActiveState") == "active"
        assert set(cameras(machine)) == {"front", "back"}
        mistake = machine.do("journalctl", "--no-pager", f"--unit={UNIT}", "--identifier=framebus", "--priority=err")
        assert 'camera.back.size: found "320"; allowed: WIDTHxHEIGHT' in mistake

        file.write_text(before)
        assert machine.do("framebus", "reload").splitlines()[-1] == "camera back was removed"
        wait_until(lambda: set(cameras(machine)) == {"front"}, "one camera")
    assert show(machine, "MainPID") == main


def check_open_and_close(machine: Booted) -> None:
    """A phone of the network can log in, is told of the page by name, and is shut out again."""
    before = machine.path(CONFIG).read_text()
    assert machine.http("/", host=ADDRESS) == (0, b"")

    opened = machine.run("framebus", "open", "anna", typed="correct horse\n")

    assert opened.returncode == 0, opened.stdout
    lines = opened.stdout.splitlines()
    assert f'{CONFIG}: listen = "0.0.0.0:8080" in [gateway]' in lines
    assert "avahi announces the page in the local network" in lines
    assert f"http://{ADDRESS}:8080/" in opened.stdout
    assert "█" in opened.stdout, "a QR code"
    opened_text = before.replace('\nlisten = "127.0.0.1:8080"\n', '\nlisten = "0.0.0.0:8080"\n')
    assert machine.path(CONFIG).read_text().splitlines() == opened_text.splitlines()
    assert machine.do("stat", "-c", "%U:%G %a", CONFIG) == "root:framebus 640\n"
    assert machine.do("stat", "-c", "%U:%G %a", "/var/lib/framebus/secrets") == "framebus:framebus 600\n"
    wait_until(lambda: machine.http("/api/cameras", host=ADDRESS)[0] == 401, "a gateway that asks who it is")
    name = machine.do("hostname").strip()

    def announced() -> bool:
        found = machine.run("avahi-browse", "--parsable", "--resolve", "--terminate", "_http._tcp").stdout
        return any(line.startswith("=;") and f";{name}.local;{ADDRESS};8080;" in line for line in found.splitlines())

    wait_until(announced, "the page in the list of avahi", START_SECONDS)

    # The last account of it: the gateway that runs opens for nobody, and the one that `close` starts knows no accounts.
    machine.path("/var/lib/framebus/secrets").unlink()
    assert machine.http("/api/cameras")[0] == 401
    assert machine.run("framebus", "close").returncode == 0
    assert machine.path(CONFIG).read_text() == before
    wait_until(lambda: machine.http("/", host=ADDRESS) == (0, b""), "no page for the network")
    assert not machine.path(ANNOUNCEMENT).exists()
    wait_until(lambda: set(cameras(machine)) == {"front"}, "a page for this machine")


def check_power(machine: Booted) -> None:
    """It stops cleanly with the machine, and is there after the next boot."""
    machine.reboot()
    wait_for_picture(machine)
    assert state(machine) == ("active", "enabled", "0")


@pytest.fixture(scope="module")
def wheels(shared: Path, dist: Path) -> Path:
    """A folder of all machines, with the wheel of this working copy and those that it needs."""
    folder = shared / "service"
    folder.mkdir()
    built.download(PYTHONS["trixie"], folder)
    shutil.copy(built.the_only(dist, "*.whl"), folder)
    return folder


def in_a_home_folder(machine: Booted, wheels: Path) -> None:
    """Install it for a user, as pipx does."""
    machine.path("/etc/pip.conf").write_text(f"[global]\nno-index = true\nfind-links = /mnt/{wheels.name}\n")
    machine.do("python3", "-m", "venv", IN_HOME, user=USER)
    machine.do(f"{IN_HOME}/bin/pip", "install", "-q", "framebus", user=USER)


@pytest.mark.timeout(600)
def test_the_debian_package(booted: Booted, older: Path, deb: Path) -> None:
    before = everything(booted)
    install(booted, older)
    wait_for_picture(booted)
    assert state(booted) == ("active", "enabled", "0")
    check_reload(booted)
    check_settings(booted)
    check_hostile_requests(booted)
    check_open_and_close(booted)

    config = booted.path(CONFIG)
    edited = f"# mine\n{config.read_text()}"
    config.write_text(edited)
    earlier = show(booted, "MainPID")
    assert OLDER in booted.do("dpkg-query", "--show", "framebus")
    install(booted, deb)
    assert show(booted, "MainPID") not in ("0", earlier)
    assert booted.path(CONFIG).read_text() == edited
    wait_for_picture(booted)
    assert f"framebus {__version__} has been running" in booted.do("framebus", "status")
    check_power(booted)

    booted.do("apt-get", "remove", "--yes", "framebus", variables=NONINTERACTIVE)
    assert booted.http("/") == (0, b"")
    assert booted.path(CONFIG).read_text() == edited
    install(booted, deb)
    wait_for_picture(booted)
    booted.run("framebus", "open", "anna", typed="correct horse\n")
    assert booted.path(ANNOUNCEMENT).exists()
    booted.do("apt-get", "purge", "--yes", "framebus", variables=NONINTERACTIVE)
    assert booted.run("pgrep", "--uid", "framebus").returncode != 0
    assert everything(booted) - before == set()
    assert before - everything(booted) == set()


@pytest.mark.timeout(600)
def test_framebus_install(booted: Booted, wheels: Path) -> None:
    in_a_home_folder(booted, wheels)
    framebus = (f"{IN_HOME}/bin/framebus",)
    before = everything(booted)

    said = booted.do(*framebus, "install")
    assert "now   start framebus\n" in said
    wait_for_picture(booted)
    assert state(booted) == ("active", "enabled", "0")
    check_reload(booted)
    check_settings(booted)
    check_open_and_close(booted)
    check_power(booted)

    earlier = show(booted, "MainPID")
    edited = booted.path(CONFIG).read_text()
    booted.path(CONFIG).write_text(f"{edited}{CAMERA}fps = 0\n")
    refused = booted.run(*framebus, "install")
    assert refused.returncode == 2
    assert refused.stdout.splitlines()[-1] == "nothing was changed"
    assert "camera.back.fps: found 0; allowed: " in refused.stdout
    assert show(booted, "MainPID") == earlier
    booted.path(CONFIG).write_text(edited)
    assert booted.do(*framebus, "install").count("\nnow   ") == 1, "only the start is repeated"
    wait_for_picture(booted)
    assert show(booted, "MainPID") != earlier

    booted.do(*framebus, "uninstall")
    assert booted.http("/") == (0, b"")
    assert show(booted, "LoadState") == "not-found"
    assert booted.path(CONFIG).exists()
    booted.do(*framebus, "install")
    wait_for_picture(booted)
    booted.do(*framebus, "uninstall", "--purge")
    assert booted.run("pgrep", "--uid", "framebus").returncode != 0
    assert everything(booted) - before == set()
    assert before - everything(booted) == set()


@pytest.mark.timeout(300)
def test_an_installation_whose_service_does_not_start_is_undone(booted: Booted, wheels: Path) -> None:
    """What is there before stays, and nothing is started again and again."""
    in_a_home_folder(booted, wheels)
    before = everything(booted)
    drop_in = booted.path("/run/systemd/system/framebus.service.d")
    drop_in.mkdir(parents=True)
    (drop_in / "broken.conf").write_text("[Service]\nExecStartPre=/bin/false\n")

    failed = booted.run(f"{IN_HOME}/bin/framebus", "install")

    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-1].startswith("cannot start framebus: systemctl restart framebus.service: ")
    assert everything(booted) == before
    assert show(booted, "ActiveState") in ("inactive", "failed")
    assert booted.run("pgrep", "--full", "framebus.supervision").returncode != 0
