"""What `make test-v4l2` makes of tests that fail because the kernel of its machine failed."""

import subprocess
from pathlib import Path

import pytest

from tests.vm.__main__ import BOOTS, while_the_kernel_dies
from tests.vm.machine import KERNEL_DIED, ending


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0], 0),
        ([1], 1),
        ([KERNEL_DIED, 0], 0),
        ([KERNEL_DIED, 1], 1),
        ([KERNEL_DIED] * BOOTS, KERNEL_DIED),
    ],
    ids=str,
)
def test_the_machine_boots_again_only_where_its_kernel_failed(statuses: list[int], status: int) -> None:
    left = list(statuses)

    assert while_the_kernel_dies(lambda: left.pop(0)) == status
    assert left == []


@pytest.mark.parametrize(
    ("command", "tainted", "status"),
    [
        ("true", 0, 0),
        ("true", 128, 0),
        ("exit_with 1", 0, 1),
        ("exit_with 1", 128, KERNEL_DIED),
        ("exit_with 5", 128 + 512, KERNEL_DIED),
        ("exit_with 5", 512 + 4096, 5),
    ],
)
def test_an_oops_of_the_kernel_is_told_by_the_exit_status(
    command: str, tainted: int, status: int, tmp_path: Path
) -> None:
    file = tmp_path / "tainted"
    file.write_text(f"{tainted}\n")
    script = f"exit_with() {{ return $1; }}\ndmesg() {{ :; }}\n{command}\n{ending(str(file))}"

    assert subprocess.run(["sh", "-c", script]).returncode == status
