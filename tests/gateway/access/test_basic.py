"""Names and passwords: a hash for the first time, and none for the next."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from framebus.passwords import hashed
from framebus.people import User
from gateway.access import basic
from gateway.access.basic import Passwords, TooMany

ANNA = User(hashed("correct horse"))


@pytest.fixture
def checked() -> list[str]:
    """What was hashed."""
    return []


@pytest.fixture
def passwords(checked: list[str]) -> Iterator[Passwords]:
    def check(password: str, stored: str) -> bool:
        checked.append(stored)
        return stored == ANNA.scrypt and password == "correct horse"

    made = Passwords(check)
    yield made
    made.close()


async def test_a_right_pair_is_hashed_once(passwords: Passwords, checked: list[str]) -> None:
    assert not passwords.known("anna", "correct horse", ANNA)
    assert await passwords.right("anna", "correct horse", ANNA)
    for _ in range(100):
        assert passwords.known("anna", "correct horse", ANNA)
    assert len(checked) == 1


async def test_a_wrong_pair_is_never_known(passwords: Passwords) -> None:
    for _ in range(2):
        assert not await passwords.right("anna", "wrong horse", ANNA)
        assert not passwords.known("anna", "wrong horse", ANNA)


async def test_nobody_costs_what_a_wrong_password_costs(passwords: Passwords, checked: list[str]) -> None:
    assert not await passwords.right("anna", "wrong horse", ANNA)
    assert not await passwords.right("nobody", "wrong horse", None)
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4], "the same work"


async def test_nobody_has_no_password_at_all() -> None:
    passwords = Passwords()
    assert not await passwords.right("nobody", "", None)
    passwords.close()


async def test_another_password_ends_what_was_known(passwords: Passwords) -> None:
    assert await passwords.right("anna", "correct horse", ANNA)
    assert not passwords.known("anna", "correct horse", User(hashed("another horse")))


async def test_who_asks_at_once_shares_a_hash(checked: list[str]) -> None:
    gate = threading.Event()

    def check(password: str, stored: str) -> bool:
        gate.wait(10)
        checked.append(password)
        return True

    passwords = Passwords(check)
    asking = [asyncio.create_task(passwords.right("anna", "correct horse", ANNA)) for _ in range(50)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asking) == [True] * 50
    assert len(checked) == 1
    passwords.close()


async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basic, "MAX_WAITING", 2)
    gate = threading.Event()
    passwords = Passwords(lambda password, stored: gate.wait(10))
    asking = [asyncio.create_task(passwords.right(name, "x", ANNA)) for name in "ab"]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await passwords.right("c", "x", ANNA)
    gate.set()
    await asyncio.gather(*asking)
    passwords.close()


async def test_so_many_are_remembered(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basic, "MAX_REMEMBERED", 2)
    for name in "abc":
        await passwords.right(name, "correct horse", ANNA)
    assert [passwords.known(name, "correct horse", ANNA) for name in "abc"] == [False, True, True]


async def test_the_password_itself_is_not_kept(passwords: Passwords) -> None:
    await passwords.right("anna", "correct horse", ANNA)
    assert "correct horse" not in repr(vars(passwords))
