"""requirements.lock pins everything that pyproject.toml asks for, and nothing beside it that has no hash."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ]+)", re.MULTILINE)


def locked() -> dict[str, str]:
    """The version of each package."""
    return dict(PINNED.findall((ROOT / "requirements.lock").read_text()))


def test_everything_that_framebus_needs_is_pinned_within_its_bounds() -> None:
    needed = map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    pinned = locked()
    for requirement in needed:
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_nothing_of_the_tests_is_pinned() -> None:
    assert not locked().keys() & {"pytest", "hypothesis", "ruff", "mypy", "av", "numpy"}


def test_every_package_has_hashes() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked())
    assert all("--hash=sha256:" in block for block in blocks)
