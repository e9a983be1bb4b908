"""A server that gets a share of a core."""

import subprocess
import sys
import time

import pytest

from benchmarks import quota
from benchmarks.processes import BenchError, cpu_seconds

BUSY = "while True: pass"


def test_without_a_limit_a_process_stays_where_it_is() -> None:
    with quota.server_group() as join:
        join(-1)  # no process, and no error


@pytest.mark.root
@pytest.mark.medium
def test_a_busy_process_gets_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_percent", None)
    try:
        quota.limit_to(10)
    except BenchError as why:  # in a chroot, or in a container
        pytest.skip(str(why))
    with quota.server_group() as join:
        process = subprocess.Popen([sys.executable, "-c", BUSY])
        try:
            join(process.pid)
            began, used = time.monotonic(), cpu_seconds(process.pid)
            time.sleep(0.5)
            share = (cpu_seconds(process.pid) - used) / (time.monotonic() - began)
        finally:
            process.kill()
            process.wait()
    assert share < 0.3  # it may begin with what is left of a period
