"""What docs/security.md and docs/access.md name exists: tests, commands, scopes, keys."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from framebus.__main__ import COMMANDS
from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.credentials.accounts import SCOPES

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "docs" / "security.md").read_text()
ACCESS = (ROOT / "docs" / "access.md").read_text()
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text()


def promises() -> list[tuple[str, list[str]]]:
    """Each promise of the table with the tests that it names."""
    section = SECURITY.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    return [(promise.strip(), re.findall(r"`([^`]+)`", tests)) for promise, _, tests in rows]


def test_every_promise_names_tests() -> None:
    assert len(promises()) > 20
    for promise, tests in promises():
        assert tests, promise
        assert all(re.fullmatch(r"[\w/]+/test_\w+\.py::test_\w+", test) for test in tests), promise


@pytest.mark.slow
def test_every_test_of_a_promise_is_collected() -> None:
    """pytest itself says so: a test that was renamed, or lost its name to another of the same module, is none."""
    tests = {f"tests/{test}" for _, named in promises() for test in named}
    files = sorted({test.partition("::")[0] for test in tests})
    plugins = [part for name in ("cacheprovider", "xdist", "benchmark") for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "--assert=plain", "-q", *plugins]
    environment = {**os.environ, "FRAMEBUS_FAULTS": "1", "PYTEST_ADDOPTS": ""}
    collected = subprocess.run(
        [*command, *files], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    missing = tests - {line.partition("[")[0] for line in collected.stdout.splitlines()}
    assert missing == set(), f"{collected.stdout[-2000:]}{collected.stderr[-2000:]}"


def test_the_policy_is_linked_and_says_how_to_report() -> None:
    policy = (ROOT / "SECURITY.md").read_text()
    assert "(../SECURITY.md)" in SECURITY
    assert {"## Reporting a vulnerability", "## Supported versions"} <= set(policy.splitlines())


def test_the_scopes_are_those_of_the_code() -> None:
    assert re.findall(r"^\| `(\w+)` \|", ACCESS, flags=re.MULTILINE) == list(SCOPES)


def test_the_commands_exist() -> None:
    named = set(re.findall(r"(?:-m |`)framebus (\w+)", ACCESS + SECURITY))
    assert named
    assert named <= COMMANDS.keys()


def test_the_limits_are_keys_with_these_defaults() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| (`[^|]+) \| ([^|]+) \|$", RELIABILITY[RELIABILITY.index("## Limits") :], re.MULTILINE
    )
    assert len(rows) == 8
    defaults = {
        field: getattr(table, field)
        for table in (GatewayConfig(), SnapshotConfig(), CameraConfig())
        for field in table.__struct_fields__
    }
    for keys, told in rows:
        numbers = re.findall(r"[0-9]+", told.replace("none", "0").partition("(")[0] + told.partition(")")[2])
        assert [str(round(defaults[key])) for key in re.findall(r"`(\w+)`", keys)] == numbers, keys
