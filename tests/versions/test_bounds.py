"""Every dependency has a lower bound, which `make test-versions` runs, and an upper one, where a major may break it."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
LISTS = {"dependencies": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
UNBOUNDED = {"packaging"}
"""Its versions are years, which say nothing."""


@pytest.mark.parametrize("name", LISTS)
def test_every_dependency_has_both_bounds(name: str) -> None:
    for requirement in map(Requirement, LISTS[name]):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == ({">="} if requirement.name in UNBOUNDED else {">=", "<"}), requirement


def test_what_is_locked_is_within_the_bounds() -> None:
    lines = (Path(__file__).parents[2] / "requirements.lock").read_text().splitlines()
    locked = dict(line.split(" ")[0].split("==") for line in lines if "==" in line.split(" ")[0])
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert locked[requirement.name] in requirement.specifier, requirement
