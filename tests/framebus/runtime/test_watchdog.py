import signal
import sys
from pathlib import Path

import pytest

from tests.processes import Running

PROGRAM = """
import sys, time
from framebus.runtime.watchdog import Watchdog
seconds = float(sys.argv[2])
watchdog = Watchdog(seconds)
if sys.argv[1] == "awake":
    watchdog.wake()
for _ in range(15):
    watchdog.feed()
    time.sleep(seconds / 10)
print("fed", flush=True)
time.sleep(20 * seconds)
print("blocked", flush=True)
"""


def run(tmp_path: Path, state: str, seconds: float) -> Running:
    return Running(sys.executable, "-c", PROGRAM, state, str(seconds), log=tmp_path / "log")


@pytest.mark.slow
def test_a_loop_that_blocks_ends_the_process(tmp_path: Path) -> None:
    process = run(tmp_path, "awake", 2.0)  # a busy machine may keep the loop waiting for a second
    assert process.ended() == -signal.SIGALRM
    assert process.log == "fed\n"


@pytest.mark.slow
def test_it_sleeps_until_it_is_woken(tmp_path: Path) -> None:
    process = run(tmp_path, "asleep", 0.05)
    assert process.ended() == 0
    assert process.log == "fed\nblocked\n"
