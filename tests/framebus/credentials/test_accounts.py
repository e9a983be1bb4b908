"""People and tokens as the secrets file has them."""

import hashlib
import json
from pathlib import Path

import pytest

from framebus.credentials import accounts
from framebus.credentials.accounts import Accounts, Token, User, is_name, new_token, token_hash
from framebus.credentials.secrets_file import SecretsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "framebus.secrets"


def test_without_a_file_there_is_nobody(file: Path) -> None:
    assert accounts.read(file) == Accounts()
    assert not accounts.read(file)
    assert not accounts.read(file).asked_for


def test_the_last_one_to_go_leaves_the_door_closed(file: Path) -> None:
    with accounts.changing(file) as everybody:
        everybody.users["anna"] = User("x")
    with accounts.changing(file) as everybody:
        del everybody.users["anna"]
    assert not accounts.read(file)
    assert accounts.read(file).asked_for


def test_who_was_added_is_there_and_who_was_removed_is_not(file: Path) -> None:
    anna = User("scrypt$…", ("view",), ("front",))
    with accounts.changing(file) as everybody:
        everybody.users["anna"] = anna
        everybody.tokens["printer"] = Token("ab", 12.0)
    assert accounts.read(file) == Accounts({"anna": anna}, {"printer": Token("ab", 12.0, ("view", "snapshot"))}, True)
    with accounts.changing(file) as everybody:
        del everybody.users["anna"]
    assert list(accounts.read(file).tokens) == ["printer"]
    assert list(accounts.read(file).users) == []


def test_what_others_keep_in_the_file_survives(file: Path) -> None:
    file.write_text('{"curve": {"x": 1}}')
    file.chmod(0o600)
    with accounts.changing(file) as everybody:
        everybody.users["anna"] = User("x")
    assert json.loads(file.read_text())["curve"] == {"x": 1}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"users": {"anna": {"scrypt": 5}}}', "$.users[...].scrypt"),
        ('{"users": {"an na": {"scrypt": "x"}}}', "$.users`` - at ``key"),
        ('{"tokens": {"a": {"sha256": "x"}}}', "$.tokens[...]"),
        ('{"users": {"anna": {"scrypt": "x", "scopes": ["fly"]}}}', "$.users[...].scopes[...]"),
    ],
)
def test_what_cannot_be_a_person_is_said_without_being_shown(content: str, where: str, file: Path) -> None:
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(SecretsError) as refused:
        accounts.read(file)
    text = str(refused.value)
    assert text.startswith(f"{file}: ")
    assert text.endswith(" is not what it should be; allowed: what `framebus passwd` and `framebus token` write there")
    assert "fly" not in text


@pytest.mark.parametrize("name", ["anna", "A.n-n_a@home", "7", "x" * 64])
def test_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "a\nb", "a:b", "-a", ".a", "ä", "x" * 65, "a\r\nSet-Cookie: b", "a\0", "a\n"]
)
def test_no_name(name: str) -> None:
    assert not is_name(name)


def test_a_token_is_long_by_chance_and_stored_as_its_hash() -> None:
    token = new_token()
    assert token.startswith("fb_")
    assert len(token) == 3 + 43
    assert new_token() != token
    assert token_hash(token) == hashlib.sha256(token.encode()).hexdigest()


def test_nothing_secret_is_in_what_a_traceback_shows() -> None:
    assert "hash" not in repr(User("hash"))
    assert "hash" not in repr(Token("hash", 1.0))
