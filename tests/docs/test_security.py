"""docs/security.md and docs/access.md promise nothing that is not there: tests, commands, scopes, keys."""

import re
from pathlib import Path

from framebus.__main__ import COMMANDS
from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.credentials.accounts import SCOPES

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "docs" / "security.md").read_text()
ACCESS = (ROOT / "docs" / "access.md").read_text()
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text()


def test_every_promise_names_a_test_that_is_there() -> None:
    promises = re.findall(r"^\| (.+?) \| .+ \| (.+?) \|$", SECURITY, flags=re.MULTILINE)[1:]
    tests = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    assert len(promises) > 15
    for promise, named in promises:
        files = re.findall(r"`([^`]+)`", named)
        assert files, promise
        assert {Path(file).name for file in files} <= tests, promise
        assert all((ROOT / file).exists() for file in files if "/" in file), promise


def test_the_scopes_are_those_that_there_are() -> None:
    assert re.findall(r"^\| `(\w+)` \|", ACCESS, flags=re.MULTILINE) == list(SCOPES)


def test_the_commands_are_there() -> None:
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
