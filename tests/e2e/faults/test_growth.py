"""tests.e2e.faults.growth, on readings of which it is known whether they grow."""

import mmap
import os
from pathlib import Path

from tests.e2e.faults.growth import Reading, growth, read


def run(memory: list[float], descriptors: list[int], pid: int = 7) -> list[Reading]:
    return [Reading("gateway", pid, mb, count) for mb, count in zip(memory, descriptors, strict=True)]


def test_what_stays_as_it_is_does_not_grow() -> None:
    assert growth(run([20.0, 20.5] * 50, [10, 12] * 50)) == []


def test_a_leak_of_memory_is_found() -> None:
    leaking = run([20 + 0.1 * number for number in range(100)], [10] * 100)
    assert growth(leaking) == ["gateway (process 7): memory_mb rose from 23.6 to 29.6"]


def test_a_leak_of_descriptors_is_found() -> None:
    assert growth(run([20.0] * 60, list(range(10, 70)))) == ["gateway (process 7): descriptors rose from 45.5 to 65.5"]


def test_the_first_minutes_do_not_count() -> None:
    assert growth(run([5.0] * 32 + [20.0] * 40, [3] * 32 + [20] * 40)) == []


def test_another_process_of_the_same_name_is_judged_for_itself() -> None:
    assert growth(run([20.0] * 60, [10] * 60) + run([40.0] * 60, [50] * 60, pid=8)) == []


def test_what_others_map_or_leave_is_no_growth(tmp_path: Path) -> None:
    file = tmp_path / "library"
    file.write_bytes(bytes(20_000_000))
    processes = {"us": os.getpid()}
    (before,) = read(processes)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as pages:
        assert sum(pages[::4096]) == 0
        (after,) = read(processes)
    assert after.memory_mb - before.memory_mb < 5


def test_a_process_is_read() -> None:
    (reading,) = read({"us": os.getpid(), "nobody": 2**22 + 1})
    assert reading.process == "us"
    assert reading.memory_mb > 5
    assert reading.descriptors > 2
