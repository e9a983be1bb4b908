"""The figures of `make mutants`, and that its targets exist."""

import pytest

from tests.mutants.__main__ import ROOT, TARGETS, noticed_percent, unnoticed


@pytest.mark.parametrize("name", TARGETS)
def test_the_files_and_the_tests_of_a_target_exist(name: str) -> None:
    target = TARGETS[name]
    assert (ROOT / target.source).is_dir()
    for pattern in target.mutated:
        assert pattern.startswith(f"{target.source}/")
        assert list(ROOT.glob(pattern)), pattern
    assert all((ROOT / tests).exists() for tests in target.tests)


def test_survivors_and_untested_mutants_are_not_noticed() -> None:
    counts = {"killed": 6, "timeout": 2, "survived": 1, "no_tests": 1, "skipped": 5, "total": 15}
    assert noticed_percent(counts) == 80
    assert noticed_percent({"killed": 0, "total": 0}) == 0


def test_the_names_of_unnoticed_mutants_are_read() -> None:
    results = "    a.x__mutmut_1: survived\n    a.x__mutmut_2: timeout\n    a.x__mutmut_3: no tests\n"
    assert unnoticed(results) == ["a.x__mutmut_1", "a.x__mutmut_3"]
