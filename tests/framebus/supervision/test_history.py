import os
import time
from pathlib import Path

import pytest

from framebus.supervision.history import History, described, last_words, uptime_seconds


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


def test_the_reason_that_a_process_gives_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "gateway.starts.why"
    file.write_bytes("no such file;\n Ö \xff".encode("latin-1") + b"x" * 400)
    words = last_words(file)
    assert words.startswith("no such file; \ufffd")
    assert (len(words), words[-2:]) == (301, "x…")
    assert last_words(file) == ""


def test_the_uptime_of_a_process() -> None:
    uptime = uptime_seconds(os.getpid())
    assert uptime is not None
    assert 0 < uptime < 24 * 3600
    assert uptime_seconds(2**30) is None
