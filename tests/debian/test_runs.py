"""The two runs of `make test-debian`: what root runs, and what is made of their exit statuses."""

import re

import pytest

from tests.debian.__main__ import NO_TESTS, NOT_HERE, as_root, of_both
from tests.debian.chroot import ROOT


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0, 0], 0),
        ([1, 0], 1),
        ([0, 1], 1),
        ([0, NO_TESTS], 0),
        ([NO_TESTS, 0], 0),
        ([1, NO_TESTS], 1),
        ([NO_TESTS, NO_TESTS], NO_TESTS),
    ],
)
def test_one_of_them_may_have_had_no_tests_but_not_both(statuses: list[int], status: int) -> None:
    assert of_both(statuses) == status


def test_root_runs_the_modules_that_name_the_mark_and_none_that_needs_a_run_of_its_own() -> None:
    options = as_root([])
    assert options[:2] == ["-m", "root"]
    assert "tests/framebus/runtime/test_privileges.py" in options
    assert "tests/gateway/http/test_routes.py" not in options
    assert not any("faults" in option for option in options)


def test_root_runs_what_is_asked_for() -> None:
    assert as_root(["tests/gateway", "-x"]) == ["-m", "root", "tests/gateway", "-x"]


def test_the_mark_has_no_other_name_by_which_a_module_would_be_missed() -> None:
    for module in (ROOT / "tests").rglob("*.py"):
        names = re.findall(r"^(\w+) = .*pytest\.mark\.root\b", module.read_text(), flags=re.M)
        assert set(names) <= {"pytestmark"}, module


def test_ci_runs_elsewhere_what_this_leaves_out() -> None:
    (line,) = [
        line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("run make test TESTS=")
    ]
    chosen = line.partition("=")[2].strip('"').split()
    assert [test for test in NOT_HERE if test not in chosen and test.partition("::")[0] not in chosen] == []
