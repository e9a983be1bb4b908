"""docs/deploy.md shows the files of deploy/ as they are, and following it gives a page that a phone can open."""

import base64
import os
import re
import shlex
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from framebus.__main__ import COMMANDS
from framebus.config.load import Config, load
from tests.conftest import Start
from tests.processes import python, wait_until
from tests.programs import need

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text()
SERVICE = ROOT / "deploy" / "framebus.service"
TABLES = re.findall(r"^```toml\n(.*?)^```$", TEXT, flags=re.M | re.S)
SHELL = "".join(re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.M | re.S))
UNCOMMENTED, LISTEN, PROXIES = TABLES


def unit() -> dict[str, list[str]]:
    """The settings of the service, those that stand there several times in a list."""
    settings: dict[str, list[str]] = {}
    for line in SERVICE.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


SHOWN = {
    "ini": ["framebus.service", "framebus-settings.service", "framebus-settings.socket"],
    "nginx": ["nginx.conf"],
    "caddyfile": ["Caddyfile"],
}
"""The files of each language, in their order."""


@pytest.mark.parametrize("language", SHOWN)
def test_it_shows_the_files_as_they_are(language: str) -> None:
    shown = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.M | re.S)
    assert shown == [(ROOT / "deploy" / name).read_text() for name in SHOWN[language]]


def test_it_shows_every_file_there_is() -> None:
    files = {file.name for file in SERVICE.parent.iterdir() if file.is_file()}
    assert files == {name for names in SHOWN.values() for name in names}


def test_what_it_uncomments_is_in_the_sample() -> None:
    sample = (ROOT / "framebus.toml").read_text().splitlines()
    assert len(UNCOMMENTED.splitlines()) == 3
    assert all(f"#{line}" in sample for line in UNCOMMENTED.splitlines())


def test_the_proxies_of_its_table_are_trusted(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(PROXIES)
    assert load(file).gateway.trusted_proxies == ["127.0.0.1"]


def followed(run_dir: Path, port: int) -> Path:
    """The sample configuration, changed as steps 1 and 2 say, but for the folders and the port of a test."""
    text = (ROOT / "framebus.toml").read_text()
    for line in UNCOMMENTED.splitlines():
        assert f"\n#{line}\n" in text
        text = text.replace(f"\n#{line}\n", f"\n{line}\n")
    before = 'listen = "127.0.0.1:8080"\n'
    after = LISTEN.removeprefix("[gateway]\n")
    assert text.count(f"\n{before}") == 1
    text = text.replace(f"\n{before}", f"\n{after}")
    assert tomllib.loads(text)["gateway"]["listen"] == "0.0.0.0:8080"
    text = text.replace("/run/framebus", str(run_dir)).replace("/var/lib/framebus", str(run_dir))
    file = run_dir / "framebus.toml"
    file.write_text(text.replace(":8080", f":{port}").replace('source = "auto"', 'source = "testcard"'))
    return file


def test_following_it_gives_a_page_that_other_machines_can_open(run_dir: Path, free_port: int, start: Start) -> None:
    file = followed(run_dir, free_port)
    for command_line in ("passwd anna", "config --check"):
        command = [*python("framebus", *command_line.split()), "--config", str(file)]
        done = subprocess.run(command, input="correct horse\n", capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
    (started,) = unit()["ExecStart"]
    interpreter, *arguments = shlex.split(started)
    assert interpreter == "/opt/framebus/bin/python"
    assert arguments == ["-P", "-m", "framebus", "up", "--config", "/etc/framebus/framebus.toml"]
    config = load(file)
    up = start("framebus", "up", config=config)
    up.wait_for("listening on")

    # Not 127.0.0.1, which it listens on without this guide. Every address of 127.0.0.0/8 is this machine's.
    url = f"http://127.0.0.2:{free_port}"
    wait_until(lambda: status(f"{url}/", None) == 200, "the login page, for somebody without a password")
    assert status(f"{url}/api/cameras", None) == 401
    assert status(f"{url}/api/cameras", "anna:correct horse") == 200
    wait_until(lambda: status(f"{url}/snapshot.jpg", "anna:correct horse") == 200, "a still")


def status(url: str, login: str | None) -> int:
    """The status that a browser gets after redirects, or a program with HTTP Basic authentication."""
    login_header = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
    headers = {"Accept": "text/html" if url.endswith("/") else "*/*", **login_header}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_command_of_a_renewal_reaches_the_gateway(run_dir: Path, free_port: int, start: Start) -> None:
    file = run_dir / "framebus.toml"
    file.write_text(
        f'run_dir = "{run_dir}"\n[camera.front]\nsource = "testcard"\n[gateway]\nlisten = "127.0.0.1:{free_port}"'
    )
    config: Config = load(file)
    up = start("framebus", "up", config=config)
    up.wait_for("listening on")
    (line,) = [line for line in SHELL.splitlines() if "signal HUP" in line]
    _, _, *arguments = shlex.split(line.replace("/run/framebus", str(run_dir)))
    done = subprocess.run(
        [sys.executable, *arguments], cwd="/", capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (0, "framebus:gateway: signalled\n"), done.stderr


def test_others_cannot_read_the_configuration() -> None:
    """It may hold the passwords of network cameras; the service reads it by its group."""
    (line,) = [line for line in SHELL.splitlines() if line.endswith("/etc/framebus/framebus.toml")]
    words = shlex.split(line)
    assert (words[words.index("-m") + 1], words[words.index("-g") + 1]) == ("640", "framebus")
    assert "-o" not in words


def test_the_folders_of_the_service_are_those_of_the_table() -> None:
    settings = unit()
    assert settings["RuntimeDirectory"] == settings["StateDirectory"] == settings["User"] == ["framebus"]
    assert settings["SyslogIdentifier"] == ["framebus"]
    assert "useradd --system --user-group --groups video" in SHELL


def test_the_service_is_started_again_for_ever() -> None:
    settings = unit()
    assert (settings["Restart"], settings["StartLimitIntervalSec"]) == (["always"], ["0"])


def test_nothing_in_the_service_hides_cameras() -> None:
    """systemd.exec(5) and systemd.resource-control(5): these leave only the devices that they list."""
    settings = unit()
    assert not {"PrivateDevices", "DeviceAllow", "DevicePolicy", "ProtectClock", "MemoryDenyWriteExecute"} & set(
        settings
    )
    assert "AF_NETLINK" in settings["RestrictAddressFamilies"][0], "for udev, which tells libcamera of cameras"


def test_its_commands_are_commands_of_framebus() -> None:
    commands = set(re.findall(r"/opt/framebus/bin/(?:python -P -m )?framebus (\w+)", TEXT))
    assert {"passwd", "up", "config", "doctor", "cert"} <= commands <= COMMANDS.keys()


@pytest.mark.medium
def test_the_service_says_which_command_helps_after_an_upgrade_of_python(tmp_path: Path) -> None:
    (check,) = re.findall(r"^ExecStartPre=/bin/sh -c '(.*)'$", SERVICE.read_text(), re.M)
    check = check.replace("sleep 60", "true")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for interpreter, status, lines in [(sys.executable, 0, 0), (str(broken), 1, 1), (str(tmp_path / "removed"), 1, 1)]:
        script = check.replace("/opt/framebus/bin/python", interpreter)
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, len((done.stdout + done.stderr).splitlines())) == (status, lines)
        assert not lines or done.stdout.startswith(
            "<3>/opt/framebus has no framebus for this Python: repeat the first two"
        )


def test_systemd_finds_nothing_wrong_with_the_service(tmp_path: Path) -> None:
    file = tmp_path / SERVICE.name
    file.write_text(SERVICE.read_text().replace("/opt/framebus/bin/python", sys.executable))
    # Only root may make the folders that it needs for a service of the system; a user's service is read alike.
    manager = ["--system"] if os.geteuid() == 0 else ["--user"]
    command = [need("systemd-analyze"), "verify", *manager, str(file)]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)
    assert [line for line in done.stderr.splitlines() if SERVICE.name in line] == []
    assert done.returncode == 0, done.stderr
