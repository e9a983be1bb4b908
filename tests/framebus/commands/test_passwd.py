"""`framebus passwd`, with what it says and where it stops."""

import subprocess
from pathlib import Path

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import NAME_ALLOWED
from framebus.credentials.passwords import matches
from tests.conftest import Configure
from tests.processes import python


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def passwd(config: Config, *arguments: str, password: str = "correct horse") -> subprocess.CompletedProcess[str]:
    command = python("framebus", "passwd", *arguments, "--config", str(config.path))
    return subprocess.run(command, input=f"{password}\n", capture_output=True, text=True, timeout=30)


@pytest.mark.slow
def test_a_user_gets_a_password_and_another_one(config: Config) -> None:
    made = passwd(config, "anna")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == (
        "anna can log in, for view, snapshot, recordings, control, admin of all cameras; "
        f"{config.secrets} holds a hash of the password\n"
    )
    first = accounts.read(config.secrets).users["anna"]
    assert matches("correct horse", first.scrypt)
    passwd(config, "anna", "--scope", "view", "--camera", "front")
    passwd(config, "anna", password="another horse")
    changed = accounts.read(config.secrets).users["anna"]
    assert matches("another horse", changed.scrypt)
    assert (changed.scopes, changed.cameras) == (("view",), ("front",)), "another password changes no rights"


@pytest.mark.slow
def test_users_are_listed_and_removed(config: Config) -> None:
    passwd(config, "anna", "--scope", "view")
    assert passwd(config).stdout == "anna\tview of all cameras\n"
    assert passwd(config, "anna", "--remove").stdout == (
        "removed anna; no users and tokens are left, so nobody can log in. "
        f"To let every program on this machine in again, delete {config.secrets} and restart framebus\n"
    )
    again = passwd(config, "anna", "--remove")
    assert (again.returncode, again.stderr) == (2, "there is no user anna; there is none\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "password", "why"),
    [
        (["anna"], "short", "a password of 5 characters; allowed: 8 to 256 characters\n"),
        (
            ["an na"],
            "correct horse",
            f"name 'an na'; allowed: {NAME_ALLOWED}\n",
        ),
        (["anna", "--camera", "back"], "correct horse", "there is no camera back; there is front\n"),
    ],
)
def test_an_invalid_argument_is_refused(arguments: list[str], password: str, why: str, config: Config) -> None:
    refused = passwd(config, *arguments, password=password)
    assert (refused.returncode, refused.stderr) == (2, why)
    assert not config.secrets.exists()


@pytest.mark.slow
def test_it_works_before_the_gateway_may_be_open(run_dir: Path) -> None:
    """Its advice is to run this command: then it must run."""
    file = run_dir / "framebus.toml"
    file.write_text('[gateway]\nlisten = "0.0.0.0:80"\n')
    command = python("framebus", "passwd", "anna", "--config", str(file))
    made = subprocess.run(command, input="correct horse\n", capture_output=True, text=True, timeout=30)
    assert made.returncode == 0, made.stderr
    assert list(accounts.read(run_dir / "framebus.secrets").users) == ["anna"]
