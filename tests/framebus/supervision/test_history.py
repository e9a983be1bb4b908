import os
import time

import pytest

from framebus.supervision.history import History, described, uptime_seconds


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "exit status 0"),
        (1 << 8, "exit status 1"),
        (9, "killed by SIGKILL"),
        (0x80 | 11, "killed by SIGSEGV"),
        (127, "killed by signal 127"),
    ],
)
def test_a_wait_status_in_words(status: int, text: str) -> None:
    assert described(status) == text


def test_the_last_end_of_each_process_is_known_and_how_many_there_were() -> None:
    history = History()
    history.add("gateway", "exit status 1")
    history.add("gateway", "killed by SIGKILL")
    ended = history.ended["gateway"]
    assert (ended.why, ended.times) == ("killed by SIGKILL", 2)
    assert abs(ended.at - time.time()) < 60


def test_the_uptime_of_a_process() -> None:
    uptime = uptime_seconds(os.getpid())
    assert uptime is not None
    assert 0 < uptime < 24 * 3600
    assert uptime_seconds(2**30) is None
