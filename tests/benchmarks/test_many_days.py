"""The days of which benchmarks make recordings; test_recorded_seek reads such recordings."""

import time

from benchmarks.many_days import MINUTE, minutes


def test_so_many_whole_days_before_today() -> None:
    found = minutes(14)
    assert len(found) == 14 * 24 * 60
    assert (found[0] % 86_400, found[1] - found[0]) == (0, MINUTE)
    assert 0 <= time.time() - found.stop < 86_400 + 60  # a test at midnight takes less than a minute
