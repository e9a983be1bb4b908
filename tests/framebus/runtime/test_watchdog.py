import signal
import sys
from pathlib import Path

import pytest

from tests.processes import Running

PROGRAM = """
import sys, time
from framebus.runtime.watchdog import Watchdog
watchdog = Watchdog(0.3)
if sys.argv[1] == "awake":
    watchdog.wake()
for _ in range(6):
    watchdog.feed()
    time.sleep(0.1)
print("fed", flush=True)
time.sleep(1)
print("blocked", flush=True)
"""


def run(tmp_path: Path, state: str) -> Running:
    return Running(sys.executable, "-c", PROGRAM, state, log=tmp_path / "log")


@pytest.mark.slow
def test_a_loop_that_blocks_ends_the_process(tmp_path: Path) -> None:
    process = run(tmp_path, "awake")
    assert process.ended() == -signal.SIGALRM
    assert process.log == "fed\n"


@pytest.mark.slow
def test_it_sleeps_until_it_is_woken(tmp_path: Path) -> None:
    process = run(tmp_path, "asleep")
    assert process.ended() == 0
    assert process.log == "fed\nblocked\n"
