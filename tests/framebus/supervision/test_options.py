"""Signals to a process that supervisord has just forked."""

import subprocess
import sys

import pytest

FORKED = """
import os, signal, sys
from framebus.supervision.options import Options
from framebus.supervision.wakeup import Wakeup

number = int(sys.argv[1])
options, wakeup = Options(), Wakeup()
options.setsignals()
ready, told = os.pipe()
pid = options.fork()
if pid == 0:
    os.closerange(told + 1, 100)
    os.close(wakeup.descriptor)
    os.close(wakeup._writer)
    os.write(told, b"!")
    signal.pause()
    os._exit(1)
os.read(ready, 1)
os.kill(pid, number)
_, status = os.waitpid(pid, 0)
os.kill(os.getpid(), number)
assert options.get_signal() == signal.SIGCHLD
print(os.WTERMSIG(status), int(options.get_signal()), os.read(wakeup.descriptor, 1) != b"")
"""


@pytest.mark.parametrize("number", [1, 2, 15])
def test_a_signal_ends_a_process_that_has_just_been_forked_and_is_still_taken_by_supervisord(number: int) -> None:
    done = subprocess.run([sys.executable, "-P", "-c", FORKED, str(number)], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"{number} {number} True\n", "")
