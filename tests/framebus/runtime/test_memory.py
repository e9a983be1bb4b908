"""The memory that is left, of the machine and of control groups."""

import subprocess
import sys
from pathlib import Path

import pytest

from framebus.runtime.memory import available_bytes

MEMINFO = "MemTotal:        4000 kB\nMemFree:          100 kB\nMemAvailable:    2000 kB\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "self" / "cgroup").write_text("0::/system.slice/framebus.service\n")
    return proc


@pytest.fixture
def cgroups(tmp_path: Path) -> Path:
    cgroups = tmp_path / "cgroup"
    (cgroups / "system.slice" / "framebus.service").mkdir(parents=True)
    return cgroups


def limit(group: Path, most: str, current: int, inactive: int = 0) -> None:
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{current}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {inactive}\nactive_file 7\n")


def test_without_limits_it_is_what_the_machine_has(proc: Path, cgroups: Path) -> None:
    assert available_bytes(proc, cgroups) == 2000 * 1024
    limit(cgroups / "system.slice", "max", 10)
    assert available_bytes(proc, cgroups) == 2000 * 1024


def test_a_limit_of_the_own_group_counts_without_its_file_cache(proc: Path, cgroups: Path) -> None:
    limit(cgroups / "system.slice" / "framebus.service", "1000000", 600000, inactive=100000)
    assert available_bytes(proc, cgroups) == 500000


def test_the_tightest_limit_of_all_parents_counts(proc: Path, cgroups: Path) -> None:
    limit(cgroups / "system.slice" / "framebus.service", "1000000", 0)
    limit(cgroups / "system.slice", "300000", 100000)
    assert available_bytes(proc, cgroups) == 200000
    limit(cgroups, "50000", 60000)  # the root of a container has one
    assert available_bytes(proc, cgroups) == 0


def test_a_limit_above_the_memory_of_the_machine_changes_nothing(proc: Path, cgroups: Path) -> None:
    limit(cgroups / "system.slice", "900000000000", 0)
    assert available_bytes(proc, cgroups) == 2000 * 1024


@pytest.mark.parametrize("entry", ["", "12:memory:/a\n1:name=systemd:/b\n"])
def test_without_version_2_of_control_groups_it_is_what_the_machine_has(entry: str, proc: Path, cgroups: Path) -> None:
    (proc / "self" / "cgroup").write_text(entry)
    assert available_bytes(proc, cgroups) == 2000 * 1024
    (proc / "self" / "cgroup").unlink()
    assert available_bytes(proc, cgroups) == 2000 * 1024


def test_this_machine_has_some() -> None:
    assert 0 < available_bytes() < 1 << 50


def limit_of_version_1(group: Path, most: int, current: int, inactive: int = 0) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(f"{most}\n")
    (group / "memory.usage_in_bytes").write_text(f"{current}\n")
    (group / "memory.stat").write_text(f"inactive_file 3\ntotal_inactive_file {inactive}\n")


@pytest.mark.parametrize("controllers", ["memory", "cpu,memory"])
def test_a_limit_of_version_1_counts(controllers: str, proc: Path, cgroups: Path) -> None:
    (proc / "self" / "cgroup").write_text(f"9:name=systemd:/a\n4:{controllers}:/docker/abc\n0::/\n")
    limit_of_version_1(cgroups / "memory", 9223372036854771712, 5)
    assert available_bytes(proc, cgroups) == 2000 * 1024
    limit_of_version_1(cgroups / "memory" / "docker" / "abc", 1000000, 600000, inactive=100000)
    assert available_bytes(proc, cgroups) == 500000


def test_in_a_container_of_version_1_the_own_group_is_the_root(proc: Path, cgroups: Path) -> None:
    (proc / "self" / "cgroup").write_text("4:memory:/docker/abc\n")
    limit_of_version_1(cgroups / "memory", 300000, 100000)
    assert available_bytes(proc, cgroups) == 200000


LIMITED = """
import resource
from framebus.runtime.memory import available_bytes
resource.setrlimit(resource.{kind}, (1_000_000_000, 1_000_000_000))
print(available_bytes())
"""


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_counts(kind: str) -> None:
    done = subprocess.run([sys.executable, "-P", "-c", LIMITED.format(kind=kind)], capture_output=True, check=True)
    assert 0 < int(done.stdout) < 1_000_000_000
