"""Passwords, stored so that nobody can read them back."""

import pytest

from framebus.credentials.passwords import dummy_hash, hash_password, is_stored, matches


def test_the_right_password_matches_and_no_other() -> None:
    stored = hash_password("correct horse ü")
    assert matches("correct horse ü", stored)
    assert not matches("correct horse u", stored)
    assert not matches("", stored)


def test_the_same_password_is_stored_differently_each_time() -> None:
    first, second = hash_password("password"), hash_password("password")
    assert first != second
    assert first.startswith("scrypt$16384$8$1$")
    assert "password" not in first


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
        "scrypt$x$8$1$AAAA$AAAA",
    ],
)
def test_what_is_no_stored_password_matches_nothing(stored: str) -> None:
    assert not matches("x", stored)


def test_the_parameters_are_those_that_it_was_stored_with() -> None:
    """So that they can be raised some day without asking everybody for a new password."""
    cheap = "scrypt$2$1$1$c2FsdHNhbHQ=$dGDnIsQjyWOmPuljgMmrdYdvMI36pYwnyeRJ1J4Rf5M="
    assert is_stored(cheap)
    assert isinstance(matches("x", cheap), bool)


def test_nobody_has_a_password_that_costs_as_much_as_anybodys() -> None:
    assert dummy_hash() == dummy_hash()
    assert dummy_hash().split("$")[:4] == hash_password("x").split("$")[:4]
