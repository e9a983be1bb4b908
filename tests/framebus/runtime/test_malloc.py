"""The memory of a password hash is returned to the system."""

import subprocess

import pytest

from tests.processes import python

PROGRAM = """
import re
from concurrent.futures import ThreadPoolExecutor
from framebus.runtime.malloc import trim_large_allocations
from framebus.credentials.passwords import hash_password


def resident_mb() -> float:
    return int(re.search(r"Rss: +([0-9]+)", open("/proc/self/smaps_rollup").read())[1]) / 1024


trim_large_allocations()
before = resident_mb()
with ThreadPoolExecutor(2) as threads:
    list(threads.map(hash_password, ["x"] * 6))
print(resident_mb() - before)
"""


@pytest.mark.medium
def test_hashes_leave_nothing_behind() -> None:
    """Each takes 16 MB while it is computed."""
    ran = subprocess.run([*python("x")[:3], "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < 8
