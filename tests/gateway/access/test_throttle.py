"""Who guesses waits longer and longer; who mistypes does not."""

import pytest

from gateway.access.throttle import FORGET_SECONDS, FREE_FAILURES, LONGEST_PAUSE_SECONDS, Throttle
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def failed(throttle: Throttle, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        throttle.record_attempt(address)


def test_a_few_failures_are_free(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    failed(throttle, FREE_FAILURES - 1)
    assert throttle.wait_seconds("192.0.2.1") == 0


def test_then_each_takes_twice_as_long_up_to_a_minute(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    failed(throttle, FREE_FAILURES - 1)
    pauses = []
    for _ in range(9):
        failed(throttle, 1)
        pauses.append(throttle.wait_seconds("192.0.2.1"))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE_SECONDS]
    clock.seconds += LONGEST_PAUSE_SECONDS
    assert throttle.wait_seconds("192.0.2.1") == 0


def test_a_success_takes_back_its_own_attempt_alone(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    for _ in range(100):
        throttle.record_attempt("192.0.2.1")
        throttle.record_success("192.0.2.1")
    assert throttle.wait_seconds("192.0.2.1") == 0
    failed(throttle, FREE_FAILURES)
    throttle.record_attempt("192.0.2.1")
    throttle.record_success("192.0.2.1")
    assert throttle.wait_seconds("192.0.2.1") > 0, "one's own login is no way to guess on"


def test_each_address_for_itself_and_a_network_of_ipv6_as_one(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    failed(throttle, 10, "2001:db8::1")
    assert throttle.wait_seconds("2001:db8::ffff") > 0
    assert throttle.wait_seconds("2001:db8:0:1::1") == 0
    assert throttle.wait_seconds("192.0.2.1") == 0


def test_this_machine_is_no_exception(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    failed(throttle, 10, "127.0.0.1")
    assert throttle.wait_seconds("127.0.0.1") > 0


def test_it_is_forgotten_after_a_while(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    failed(throttle, 20)
    clock.seconds += FORGET_SECONDS + 1
    failed(throttle, FREE_FAILURES - 1)
    assert throttle.wait_seconds("192.0.2.1") == 0


def test_so_many_addresses_are_remembered(clock: Clock) -> None:
    throttle = Throttle(now=clock, max_addresses=10)
    for number in range(100):
        failed(throttle, 1, f"192.0.2.{number}")
    assert len(throttle._records) == 10


def test_several_gateways_are_no_way_round(clock: Clock) -> None:
    """Who guesses may choose between them by connecting again."""
    throttles = [Throttle(5, clock) for _ in range(5)]
    for throttle in throttles:
        failed(throttle, 1)
    assert min(throttle.wait_seconds("192.0.2.1") for throttle in throttles) == 5


def test_it_is_forgotten_after_that_time_and_no_sooner(clock: Clock) -> None:
    """A pause is never that long, so it is the count that matters."""
    throttle = Throttle(now=clock)
    failed(throttle, FREE_FAILURES + 3)
    clock.seconds += FORGET_SECONDS
    failed(throttle, 1)
    assert throttle.wait_seconds("192.0.2.1") == 16
    clock.seconds += FORGET_SECONDS + 1
    failed(throttle, FREE_FAILURES - 1)
    assert throttle.wait_seconds("192.0.2.1") == 0


@pytest.mark.parametrize(("workers", "free"), [(1, 5), (2, 2), (3, 1), (9, 1)])
def test_the_workers_share_the_free_failures(workers: int, free: int, clock: Clock) -> None:
    throttle = Throttle(workers, now=clock)
    failed(throttle, free - 1)
    assert throttle.wait_seconds("192.0.2.1") == 0
    failed(throttle, 1)
    assert throttle.wait_seconds("192.0.2.1") == workers


def test_a_site_of_ipv6_may_fail_four_times_as_often_as_a_network(clock: Clock) -> None:
    throttle = Throttle(now=clock)
    for network in range(4 * FREE_FAILURES - 1):
        failed(throttle, 1, f"2001:db8:1:{network:x}::1")
    assert throttle.wait_seconds("2001:db8:1:ffff::1") == 0
    failed(throttle, 1, "2001:db8:1:fffe::1")
    assert throttle.wait_seconds("2001:db8:1:ffff::1") == 1
    assert throttle.wait_seconds("2001:db8:2::1") == 0
    throttle.record_success("2001:db8:1:fffe::1")
    assert throttle.wait_seconds("2001:db8:1:ffff::1") == 0
