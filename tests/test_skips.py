"""Where CI=true a skip is a failure; what is marked `slow` or `root` is so by what it is."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.skips import TOLD

pytestmark = pytest.mark.slow  # each starts a pytest of its own

ROOT = Path(__file__).parent.parent
SKIPPING = {
    "by a call": 'import pytest\ndef test_it(): pytest.skip("a reason")\n',
    "by a mark": 'import pytest\n@pytest.mark.skip(reason="a reason")\ndef test_it(): ...\n',
    "by a condition": 'import pytest\n@pytest.mark.skipif(True, reason="a reason")\ndef test_it(): ...\n',
    "by a fixture": (
        'import pytest\n@pytest.fixture\ndef camera(): pytest.skip("a reason")\ndef test_it(camera): assert camera\n'
    ),
}
SKIPPING_MODULE = {
    "as a module": 'import pytest\npytest.skip("a reason", allow_module_level=True)\ndef test_it(): ...\n',
}
EXPECTED = 'import pytest\n@pytest.mark.xfail(reason="a reason")\ndef test_it(): raise AssertionError\n'


def run(folder: Path, tests: Mapping[str, str], ci: str, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest, with the hooks of these tests, on these modules."""
    for name, test in tests.items():
        (folder / f"test_{name.replace(' ', '_')}.py").write_text(test)
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", f"--rootdir={folder}", *options]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run([*command, folder], capture_output=True, text=True, env=environment, cwd=folder, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["here", "in workers"])
@pytest.mark.parametrize("tests", [SKIPPING, SKIPPING_MODULE], ids=["tests", "a module"])
def test_a_skip_is_a_failure_in_ci(tests: Mapping[str, str], options: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, tests, "true", *options)
    assert done.returncode not in (0, 5), done.stdout
    for name in tests:
        module = f"test_{name.replace(' ', '_')}.py"
        assert re.search(rf"^(FAILED|ERROR) {module}", done.stdout, flags=re.M), f"{name}:\n{done.stdout}"
    assert done.stdout.count(f"\n{TOLD}: a reason\n") == len(tests), done.stdout


def test_elsewhere_it_is_listed_with_its_reason(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPING | SKIPPING_MODULE, "")
    assert done.returncode == 0, done.stdout
    for name in SKIPPING | SKIPPING_MODULE:
        listed = rf"^SKIPPED \[1\] test_{name.replace(' ', '_')}\.py.*a reason$"
        assert re.search(listed, done.stdout, flags=re.M), f"{name}:\n{done.stdout}"


def test_what_is_expected_to_fail_is_no_skip(tmp_path: Path) -> None:
    assert run(tmp_path, {"it": EXPECTED}, "true").returncode == 0


def test_what_only_root_can_run_is_skipped_for_others(tmp_path: Path) -> None:
    marked = "import os, pytest\n@pytest.mark.root\ndef test_it(): assert os.geteuid() == 0\n"
    done = run(tmp_path, {"it": marked}, "", "-o", "markers=root")
    assert done.returncode == 0, done.stdout
    assert ("only root can run it" in done.stdout) == (os.geteuid() != 0)


def test_what_starts_processes_is_slow(tmp_path: Path) -> None:
    both = "def test_quick(): ...\ndef test_process(start): ...\n"
    done = run(tmp_path, {"it": both}, "", "-m", "not slow", "-v", "-o", "markers=slow")
    assert "test_quick PASSED" in done.stdout
    assert "test_process" not in done.stdout
