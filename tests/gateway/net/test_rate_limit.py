"""How often one address may ask."""

from contextlib import ExitStack

import pytest

from gateway.net.rate_limit import ConcurrencyLimit, ConcurrencyLimitError, RateLimiter
from tests.clock import Clock


def test_a_burst_and_then_the_rate() -> None:
    clock = Clock()
    bucket = RateLimiter(10, clock)
    assert [bucket.wait_seconds("192.0.2.1") for _ in range(20)] == [0.0] * 20
    assert bucket.wait_seconds("192.0.2.1") == pytest.approx(0.1)
    clock.seconds += 0.125
    assert bucket.wait_seconds("192.0.2.1") == 0
    assert bucket.wait_seconds("192.0.2.1") > 0


def test_each_address_has_its_own() -> None:
    bucket = RateLimiter(0.5, Clock())
    assert bucket.wait_seconds("192.0.2.1") == 0
    assert bucket.wait_seconds("192.0.2.1") == pytest.approx(2)
    assert bucket.wait_seconds("192.0.2.2") == 0


def test_this_machine_may_ask_as_often_as_it_likes() -> None:
    bucket = RateLimiter(0.5, Clock())
    assert {bucket.wait_seconds("127.0.0.1") for _ in range(100)} == {0.0}


def test_addresses_are_forgotten_beyond_a_limit() -> None:
    bucket = RateLimiter(0.5, Clock(), max_addresses=3)
    for number in range(10):
        bucket.wait_seconds(f"192.0.2.{number}")
    assert list(bucket._buckets) == ["192.0.2.7", "192.0.2.8", "192.0.2.9"]


def test_so_many_of_one_address_are_under_way() -> None:
    under_way = ConcurrencyLimit(2)
    with under_way.slot("192.0.2.1"):
        with under_way.slot("192.0.2.1"), under_way.slot("192.0.2.2"), pytest.raises(ConcurrencyLimitError):
            under_way.slot("192.0.2.1").__enter__()
        with under_way.slot("192.0.2.1"), ExitStack() as local:
            for _ in range(10):
                local.enter_context(under_way.slot("127.0.0.1"))
    assert not under_way._counts


def test_this_machine_can_be_limited_too() -> None:
    under_way = ConcurrencyLimit(1, limits_local=True)
    with under_way.slot("127.0.0.1"), pytest.raises(ConcurrencyLimitError), under_way.slot("::1"):
        pass
