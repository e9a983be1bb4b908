"""Accounts that follow the secrets file."""

import logging
from pathlib import Path

import pytest

from framebus.credentials import accounts
from framebus.credentials.accounts import Token, User
from framebus.credentials.secrets_file import SecretsError
from gateway.access.accounts_file import AccountsFile


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A secrets file with one user."""
    file = tmp_path / "secrets.json"
    with accounts.changing(file) as everybody:
        everybody.users["anna"] = User("hash")
    return file


def add_token(file: Path, name: str = "t") -> None:
    with accounts.changing(file) as everybody:
        everybody.tokens[name] = Token("sha", 1.0)


def test_without_a_file_there_are_no_accounts_until_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    watched = AccountsFile(file)
    assert not watched.accounts
    assert not watched.accounts.login_required
    add_token(file)
    assert list(watched.accounts.tokens) == ["t"]


def test_a_file_that_has_not_changed_is_not_read_again(secrets: Path) -> None:
    watched = AccountsFile(secrets)
    assert watched.accounts is watched.accounts


def test_a_change_holds_at_the_next_use_and_is_logged_once(secrets: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway")
    watched = AccountsFile(secrets)
    add_token(secrets)
    assert (list(watched.accounts.users), list(watched.accounts.tokens)) == (["anna"], ["t"])
    assert watched.accounts.tokens
    assert [record.getMessage() for record in caplog.records] == [f"{secrets} has changed: 1 users and 1 tokens"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"users": []}', '{"users": {"anna": {}}}', "x" * ((1 << 20) + 1)])
def test_of_a_file_that_became_unusable_the_accounts_before_stay(
    text: str, secrets: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watched = AccountsFile(secrets)
    secrets.write_text(text)
    assert list(watched.accounts.users) == ["anna"]
    assert list(watched.accounts.users) == ["anna"]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(str(secrets))
    assert record.getMessage().endswith("; the previous accounts stay in use")


def test_a_file_that_others_can_read_does_not_count(secrets: Path, caplog: pytest.LogCaptureFixture) -> None:
    watched = AccountsFile(secrets)
    secrets.chmod(0o644)
    assert list(watched.accounts.users) == ["anna"]
    assert f"{secrets} can be read by others (mode 0644); run: chmod 600 {secrets}" in caplog.records[0].getMessage()
    secrets.chmod(0o600)
    assert list(watched.accounts.users) == ["anna"]
    assert len(caplog.records) == 1


def test_a_file_that_is_gone_opens_nothing_and_may_come_back(secrets: Path) -> None:
    watched = AccountsFile(secrets)
    content = secrets.read_bytes()
    secrets.unlink()
    assert not watched.accounts
    assert watched.accounts.login_required, "as if there had never been accounts"
    secrets.write_bytes(content)
    secrets.chmod(0o600)
    assert list(watched.accounts.users) == ["anna"]


def test_a_file_that_is_unusable_from_the_start_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")
    file.chmod(0o600)
    with pytest.raises(SecretsError, match="is no JSON; allowed: what framebus writes there"):
        AccountsFile(file)
