"""Users and tokens in the secrets file."""

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


def test_without_a_file_there_are_no_accounts(file: Path) -> None:
    assert accounts.read(file) == Accounts()
    assert not accounts.read(file)
    assert not accounts.read(file).login_required


def test_removing_the_last_user_lets_no_one_in(file: Path) -> None:
    with accounts.changing(file) as changed:
        changed.users["anna"] = User("x")
    with accounts.changing(file) as changed:
        del changed.users["anna"]
    assert not accounts.read(file)
    assert accounts.read(file).login_required


def test_added_changedare_read_and_removed_ones_are_not(file: Path) -> None:
    anna = User("scrypt$…", ("view",), ("front",))
    with accounts.changing(file) as changed:
        changed.users["anna"] = anna
        changed.tokens["printer"] = Token("ab", 12.0)
    assert accounts.read(file) == Accounts({"anna": anna}, {"printer": Token("ab", 12.0, ("view", "snapshot"))}, True)
    with accounts.changing(file) as changed:
        del changed.users["anna"]
    assert list(accounts.read(file).tokens) == ["printer"]
    assert list(accounts.read(file).users) == []


def test_other_keys_of_the_file_stay(file: Path) -> None:
    file.write_text('{"curve": {"x": 1}}')
    file.chmod(0o600)
    with accounts.changing(file) as changed:
        changed.users["anna"] = User("x")
    assert json.loads(file.read_text())["curve"] == {"x": 1}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"users": {"anna": {"scrypt": 5}}}', "$.users[...].scrypt"),
        ('{"users": {"an na": {"scrypt": "x"}}}', "key` in `$.users"),
        ('{"tokens": {"a": {"sha256": "x"}}}', "$.tokens[...]"),
        ('{"users": {"anna": {"scrypt": "x", "scopes": ["fly"]}}}', "$.users[...].scopes[0]"),
    ],
)
def test_an_invalid_user_is_refused_without_quoting_it(content: str, where: str, file: Path) -> None:
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(SecretsError) as refused:
        accounts.read(file)
    allowed = "what `framebus passwd` and `framebus token` write there"
    assert str(refused.value) == f"{file}: the value of {where} is invalid; allowed: {allowed}"


@pytest.mark.parametrize("name", ["anna", "A.n-n_a@home", "7", "x" * 64])
def test_a_valid_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "a\nb", "a:b", "-a", ".a", "ä", "x" * 65, "a\r\nSet-Cookie: b", "a\0", "a\n"]
)
def test_an_invalid_name(name: str) -> None:
    assert not is_name(name)


def test_a_token_is_random_and_stored_as_its_hash() -> None:
    token = new_token()
    assert token.startswith("fb_")
    assert len(token) == 3 + 43
    assert new_token() != token
    assert token_hash(token) == hashlib.sha256(token.encode()).hexdigest()


def test_repr_shows_no_hash() -> None:
    assert "hash" not in repr(User("hash"))
    assert "hash" not in repr(Token("hash", 1.0))


@pytest.mark.parametrize("kind", ["users", "tokens"])
def test_there_is_a_limit_of_users_and_of_tokens(kind: str, file: Path) -> None:
    entry = User("x") if kind == "users" else Token("ab", 1.0)
    with accounts.changing(file) as changed:
        getattr(changed, kind).update({f"n{number}": entry for number in range(1000)})
    assert len(getattr(accounts.read(file), kind)) == 1000
    with pytest.raises(SecretsError) as refused, accounts.changing(file) as changed:
        getattr(changed, kind)["one-more"] = entry
    assert str(refused.value) == f"{file} would hold 1001 {kind}; allowed: at most 1000"
    assert len(getattr(accounts.read(file), kind)) == 1000


def test_a_change_that_names_no_one_writes_no_file(file: Path) -> None:
    with accounts.changing(file):
        pass
    assert not file.exists()
    assert not accounts.read(file).login_required


def test_users_alone_and_tokens_alone_count_as_accounts() -> None:
    assert Accounts({"anna": User("x")})
    assert Accounts({}, {"printer": Token("ab", 1.0)})


def test_new_accounts_have_the_documented_scopes() -> None:
    assert (User("x").scopes, User("x").cameras) == (("view", "snapshot", "recordings", "control", "admin"), None)
    assert (Token("ab", 1.0).scopes, Token("ab", 1.0).cameras) == (("view", "snapshot"), None)
