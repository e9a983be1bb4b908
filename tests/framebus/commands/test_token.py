"""`framebus token`: made once, shown once, and when it was used last."""

import json
import subprocess

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import token_hash
from framebus.credentials.token_usage import last_used, save
from tests.conftest import Configure
from tests.processes import python


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def token(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = python("framebus", "token", *arguments, "--config", str(config.path))
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.mark.slow
def test_a_token_is_shown_once_and_its_hash_kept(config: Config) -> None:
    made = token(config, "add", "printer")
    shown = made.stdout.strip()
    assert made.stderr == (
        f"token printer: view, snapshot of all cameras; {config.secrets} holds its hash. It is not shown again.\n"
    )
    assert accounts.read(config.secrets).tokens["printer"].sha256 == token_hash(shown)
    assert shown not in config.secrets.read_text()
    again = token(config, "add", "printer")
    assert (again.returncode, again.stdout, again.stderr) == (
        2,
        "",
        "there is a token printer already; remove it first, or choose another name\n",
    )


@pytest.mark.slow
def test_tokens_are_listed_with_their_last_use(config: Config) -> None:
    token(config, "add", "printer", "--scope", "snapshot", "--camera", "front")
    assert token(config, "list").stdout.startswith("printer\tsnapshot of front\tcreated 20")
    assert token(config, "list").stdout.endswith("\tnot used yet\n")
    save(config.state_dir, {"printer": 1_700_000_000.0, "gone": 1.0}, {"printer"})
    assert "\tlast used 2023-11-1" in token(config, "list").stdout
    listed = json.loads(token(config, "list", "--json").stdout)["printer"]
    assert (listed["scopes"], listed["cameras"], listed["used"]) == (["snapshot"], ["front"], 1_700_000_000.0)


@pytest.mark.slow
def test_a_removed_token_is_gone(config: Config) -> None:
    token(config, "add", "printer")
    assert token(config, "remove", "printer").stdout.startswith("revoked token printer; no users and tokens are left, ")
    assert accounts.read(config.secrets).tokens == {}
    again = token(config, "remove", "printer")
    assert (again.returncode, again.stderr) == (2, "there is no token printer; there is none\n")


def test_the_use_of_removed_tokens_is_forgotten(config: Config) -> None:
    assert last_used(config.state_dir) == {}
    save(config.state_dir, {"a": 5.0, "b": 6.0}, {"a", "b"})
    save(config.state_dir, {"a": 4.0}, {"a"})
    assert last_used(config.state_dir) == {"a": 5.0}
    (config.state_dir / "tokens-used.json").write_text("{")
    assert last_used(config.state_dir) == {}
