"""What `make test-debian` makes of the exit statuses of its two runs."""

import pytest

from tests.debian.__main__ import NO_TESTS, of_both


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0, 0], 0),
        ([1, 0], 1),
        ([0, 1], 1),
        ([0, NO_TESTS], 0),
        ([NO_TESTS, 0], 0),
        ([1, NO_TESTS], 1),
        ([NO_TESTS, NO_TESTS], NO_TESTS),
    ],
)
def test_one_of_them_may_have_had_no_tests_but_not_both(statuses: list[int], status: int) -> None:
    assert of_both(statuses) == status
