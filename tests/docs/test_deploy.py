"""docs/deploy.md shows the files of deploy/ as they are, and its tables and commands are ones that framebus takes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from framebus.config.load import load
from tests.programs import need

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text()
SERVICE = ROOT / "deploy" / "framebus.service"
TABLES = re.findall(r"^```toml\n(.*?)^```$", TEXT, flags=re.M | re.S)


@pytest.mark.parametrize(
    ("language", "name"), [("ini", "framebus.service"), ("nginx", "nginx.conf"), ("caddyfile", "Caddyfile")]
)
def test_it_shows_the_files_as_they_are(language: str, name: str) -> None:
    (shown,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.M | re.S)
    assert shown == (ROOT / "deploy" / name).read_text()


def test_it_shows_every_file_there_is() -> None:
    assert {file.name for file in SERVICE.parent.iterdir()} == {"framebus.service", "nginx.conf", "Caddyfile"}


def test_its_tables_are_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text("\n".join(TABLES))
    config = load(file)
    assert (config.run_dir, config.state_dir) == (Path("/run/framebus"), Path("/var/lib/framebus"))
    assert config.secrets == Path("/var/lib/framebus/secrets")
    assert config.gateway.trusted_proxies == ["127.0.0.1"]


def test_what_it_uncomments_is_in_the_sample() -> None:
    sample = (ROOT / "framebus.toml").read_text().splitlines()
    assert all(f"#{line}" in sample for line in TABLES[0].splitlines())


def test_the_folders_of_the_service_are_those_of_the_table() -> None:
    unit = SERVICE.read_text().splitlines()
    assert "RuntimeDirectory=framebus" in unit
    assert "StateDirectory=framebus" in unit


def test_its_commands_are_commands_of_framebus() -> None:
    lines = re.findall(r"/opt/framebus/bin/python -P -m framebus (.+)", f"{TEXT}\n{SERVICE.read_text()}")
    commands = {shlex.split(line)[0] for line in lines}
    assert commands == {"passwd", "up"}
    for command in commands:
        subprocess.run([sys.executable, "-m", "framebus", command, "--help"], check=True, capture_output=True, cwd=ROOT)


def test_the_service_says_which_command_helps_after_an_upgrade_of_python(tmp_path: Path) -> None:
    (check,) = re.findall(r"^ExecStartPre=/bin/sh -c '(.*)'$", SERVICE.read_text(), re.M)
    check = check.replace("sleep 60", "true")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for python, status, lines in [(sys.executable, 0, 0), (str(broken), 1, 1), (str(tmp_path / "removed"), 1, 1)]:
        script = check.replace("/opt/framebus/bin/python", python)
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, len((done.stdout + done.stderr).splitlines())) == (status, lines)
        assert not lines or done.stdout.startswith("<3>/opt/framebus has no framebus for this Python: make it again")


def test_systemd_finds_nothing_wrong_with_the_service(tmp_path: Path) -> None:
    unit = tmp_path / SERVICE.name
    unit.write_text(SERVICE.read_text().replace("/opt/framebus/bin/python", sys.executable))
    command = [need("systemd-analyze"), "verify", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert [line for line in done.stderr.splitlines() if SERVICE.name in line] == []
    assert done.returncode == 0, done.stderr
