"""Password hashes."""

import base64
import hashlib

import pytest

from framebus.credentials import passwords
from framebus.credentials.passwords import dummy_hash, hash_password, matches


def stored_hash(password: str, cost: int, block_size: int, parallel: int, salt: bytes = b"saltsalt") -> str:
    """What another version of framebus may have stored, made with hashlib alone."""
    key = hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block_size, p=parallel, maxmem=1 << 30, dklen=32)
    texts = (base64.b64encode(data).decode() for data in (salt, key))
    return "$".join(("scrypt", str(cost), str(block_size), str(parallel), *texts))


def test_the_right_password_matches_and_no_other() -> None:
    stored = hash_password("correct horse ü")
    assert matches("correct horse ü", stored)
    assert not matches("correct horse u", stored)
    assert not matches("", stored)


def test_the_parameters_salt_and_hash_are_stored() -> None:
    kind, cost, block_size, parallel, salt, key = hash_password("correct horse").split("$")
    assert (kind, cost, block_size, parallel) == ("scrypt", "16384", "8", "1")
    assert len(base64.b64decode(salt, validate=True)) == 16
    assert len(base64.b64decode(key, validate=True)) == 32
    assert stored_hash("correct horse", 16384, 8, 1, base64.b64decode(salt)).endswith(f"${salt}${key}")


def test_each_hash_has_another_salt() -> None:
    assert hash_password("password") != hash_password("password")


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "scrypt$16384$8$1$AAAA",
        "scrypt$16384$8$1$AAAA$!",
        "md5$16384$8$1$AAAA$AAAA",
        "scrypt$9999999999$8$1$AAAA$AAAA",
        "scrypt$16384$999$999$AAAA$AAAA",
        "scrypt$15$8$1$AAAA$AAAA",
        "scrypt$-1$8$1$AAAA$AAAA",
        "scrypt$2$0$1$AAAA$AAAA",
        "scrypt$2$-8$-1$AAAA$AAAA",
        "scrypt$2$8$0$AAAA$AAAA",
        "scrypt$2$-8$1$AAAA$AAAA",
        "scrypt$2$8$-1$AAAA$AAAA",
        "scrypt$1$8$1$AAAA$AAAA",
        "scrypt$x$8$1$AAAA$AAAA",
        "scrypt$2$1$1$AAAA$",
    ],
)
def test_an_invalid_hash_matches_no_password(stored: str) -> None:
    assert not matches("x", stored)


def test_another_algorithm_matches_no_password() -> None:
    assert not matches("x", stored_hash("x", 2, 1, 1).replace("scrypt", "bcrypt"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cost", "block_size", "parallel"), [(2, 1, 1), (16384, 8, 1), (32768, 8, 2), (4096, 4, 16), (4, 65536, 2)]
)
def test_a_hash_is_checked_with_its_own_parameters(cost: int, block_size: int, parallel: int) -> None:
    """So that the parameters can be raised later without asking all users for a new password."""
    stored = stored_hash("correct horse", cost, block_size, parallel)
    assert matches("correct horse", stored)
    assert not matches("another horse", stored)


@pytest.mark.parametrize(
    ("cost", "block_size", "parallel"),
    [(1 << 16, 8, 1), (1 << 18, 64, 1), (2, 1, 17), (4, 65537, 2), (2, -8, 1), (2, 8, -1)],
)
def test_a_hash_that_would_take_too_much_memory_or_time_matches_no_password(
    cost: int, block_size: int, parallel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    monkeypatch.setattr(passwords, "_scrypt", lambda *_arguments: computed.append(1))
    assert not matches("x", f"scrypt${cost}${block_size}${parallel}$AAAA$AAAA")
    assert computed == []


def test_the_dummy_hash_costs_as_much_as_a_real_one_and_matches_nothing_allowed() -> None:
    assert dummy_hash() == dummy_hash()
    assert dummy_hash().split("$")[:4] == hash_password("x").split("$")[:4]
    assert not matches("x" * passwords.MIN_PASSWORD, dummy_hash())
