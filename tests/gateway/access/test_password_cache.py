"""Names and passwords: a hash for the first time, and none for the next."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from framebus.credentials.accounts import User
from framebus.credentials.passwords import hash_password
from gateway.access.password_cache import PasswordCache, TooManyLoginsError

HERE = "192.0.2.1"
ANNA = User(hash_password("correct horse"))


@pytest.fixture
def checked() -> list[str]:
    """What was hashed."""
    return []


@pytest.fixture
def passwords(checked: list[str]) -> Iterator[PasswordCache]:
    def check(password: str, stored: str) -> bool:
        checked.append(stored)
        return stored == ANNA.scrypt and password == "correct horse"

    made = PasswordCache(check)
    yield made
    made.close()


async def test_a_right_pair_is_hashed_once(passwords: PasswordCache, checked: list[str]) -> None:
    assert not passwords.is_cached("anna", "correct horse", ANNA, HERE)
    assert await passwords.check("anna", "correct horse", ANNA, HERE)
    for _ in range(100):
        assert passwords.is_cached("anna", "correct horse", ANNA, HERE)
    assert len(checked) == 1


async def test_a_wrong_pair_is_never_known(passwords: PasswordCache) -> None:
    for _ in range(2):
        assert not await passwords.check("anna", "wrong horse", ANNA, HERE)
        assert not passwords.is_cached("anna", "wrong horse", ANNA, HERE)


async def test_an_unknown_user_costs_what_a_wrong_password_costs(passwords: PasswordCache, checked: list[str]) -> None:
    assert not await passwords.check("anna", "wrong horse", ANNA, HERE)
    assert not await passwords.check("nobody", "wrong horse", None, HERE)
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4], "the same work"


async def test_an_unknown_user_has_no_password() -> None:
    passwords = PasswordCache()
    assert not await passwords.check("nobody", "", None, HERE)
    passwords.close()


async def test_another_password_ends_what_was_known(passwords: PasswordCache) -> None:
    assert await passwords.check("anna", "correct horse", ANNA, HERE)
    assert not passwords.is_cached("anna", "correct horse", User(hash_password("another horse")), HERE)


async def test_who_asks_at_once_shares_a_hash(checked: list[str]) -> None:
    gate = threading.Event()

    def check(password: str, stored: str) -> bool:
        gate.wait(10)
        checked.append(password)
        return True

    passwords = PasswordCache(check)
    asking = [asyncio.create_task(passwords.check("anna", "correct horse", ANNA, HERE)) for _ in range(50)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asking) == [True] * 50
    assert len(checked) == 1
    passwords.close()


async def test_so_many_wait_and_no_more() -> None:
    gate = threading.Event()
    passwords = PasswordCache(lambda password, stored: gate.wait(10), max_pending=2)
    asking = [asyncio.create_task(passwords.check(name, "x", ANNA, HERE)) for name in "ab"]
    await asyncio.sleep(0)
    with pytest.raises(TooManyLoginsError):
        await passwords.check("c", "x", ANNA, HERE)
    gate.set()
    await asyncio.gather(*asking)
    passwords.close()


async def test_so_many_are_cached() -> None:
    passwords = PasswordCache(lambda password, stored: True, max_cached=2)
    for name in "abc":
        await passwords.check(name, "correct horse", ANNA, HERE)
    assert [passwords.is_cached(name, "correct horse", ANNA, HERE) for name in "abc"] == [False, True, True]
    passwords.close()


async def test_the_password_itself_is_not_kept(passwords: PasswordCache) -> None:
    await passwords.check("anna", "correct horse", ANNA, HERE)
    assert "correct horse" not in repr(vars(passwords))


async def test_what_one_address_has_proved_is_no_word_for_another(passwords: PasswordCache, checked: list[str]) -> None:
    """Else a stranger could guess without a hash, and without a pause."""
    assert await passwords.check("anna", "correct horse", ANNA, HERE)
    assert not passwords.is_cached("anna", "correct horse", ANNA, "198.51.100.7")
    assert await passwords.check("anna", "correct horse", ANNA, "198.51.100.7")
    assert len(checked) == 2


async def test_a_pair_is_being_checked_until_its_hash_is_there() -> None:
    may_go_on = threading.Event()
    cache = PasswordCache(lambda password, stored: may_go_on.wait(10) and password == "right")
    user = User("stored")
    pair = ("anna", "right", user, "192.0.2.1")
    assert not cache.is_being_checked(*pair)
    checking = asyncio.ensure_future(cache.check(*pair))
    await asyncio.sleep(0)
    assert cache.is_being_checked(*pair)
    assert not cache.is_being_checked("anna", "other", user, "192.0.2.1")
    assert not cache.is_being_checked("anna", "right", user, "192.0.2.2")
    may_go_on.set()
    assert await checking
    assert not cache.is_being_checked(*pair)
    cache.close()


async def test_closing_does_not_wait_for_a_hash() -> None:
    may_go_on = threading.Event()
    cache = PasswordCache(lambda *_: may_go_on.wait(10))
    checking = asyncio.ensure_future(cache.check("anna", "x", User("stored"), "192.0.2.1"))
    await asyncio.sleep(0)
    cache.close()
    assert not may_go_on.is_set()
    assert not checking.done()
    may_go_on.set()
    assert await checking
