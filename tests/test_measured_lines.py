"""What a worker of `make coverage` has reached is counted although the worker is killed at its end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # it starts a pytest with a worker

ROOT = Path(__file__).parent.parent
MODULE = "def reached() -> int:\n    return 1\n"
TEST = """
import atexit, os, signal
import measured
def test_it():
    assert measured.reached() == 1
    atexit.register(os.kill, os.getpid(), signal.SIGKILL)  # runs before what coverage has registered earlier
"""
SETTINGS = "[run]\nsource_pkgs = measured\nparallel = true\npatch = subprocess\n[report]\nshow_missing = true\n"


def test_the_lines_of_a_killed_worker_are_stored(tmp_path: Path) -> None:
    (tmp_path / "measured.py").write_text(MODULE)
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / ".coveragerc").write_text(SETTINGS)
    others = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = {**others, "PYTHONPATH": f"{ROOT}:{tmp_path}"}

    def coverage(*arguments: str) -> str:
        command = [sys.executable, "-m", "coverage", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        return done.stdout + done.stderr

    assert "1 passed" in coverage("run", "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", "-n", "1")
    coverage("combine", "-q")
    [line] = [line for line in coverage("report").splitlines() if line.startswith("measured.py")]
    assert line.split() == ["measured.py", "2", "0", "100%"]
