"""The memory of password hashes, and of pictures that nobody needs any more, is returned to the system."""

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


GAPS = """
import re
from framebus.runtime.malloc import FreeMemory, trim_large_allocations


def resident_mb() -> float:
    return int(re.search(r"Rss: +([0-9]+)", open("/proc/self/smaps_rollup").read())[1]) / 1024


trim_large_allocations()
now = [0.0]
free = FreeMemory(300, lambda: now[0])
pictures = [bytes(22_000) for _ in range(1000)]
pictures = pictures[::50]
before = resident_mb()
for now[0] in (299.9, 300.0):
    free.tick()
    print(before - resident_mb())
"""


@pytest.mark.medium
def test_what_is_free_between_pictures_is_given_back_when_it_is_time() -> None:
    ran = subprocess.run([*python("x")[:3], "-c", GAPS], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    too_early, then = map(float, ran.stdout.split())
    assert too_early < 1
    assert then > 15
