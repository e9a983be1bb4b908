"""The figures of `make mutants`, its samples, and that its targets and known survivors exist."""

import importlib
import inspect
from pathlib import Path

import pytest

from tests.mutants import known
from tests.mutants.__main__ import ROOT, TARGETS, described, noticed_percent, parsed, report, sample

RESULTS = {
    "a.b.x__c__mutmut_1": "killed",
    "a.b.x__c__mutmut_2": "survived",
    "a.b.x__c__mutmut_3": "no tests",
    "a.d.xǁEǁf__mutmut_1": "timeout",
    "a.d.xǁEǁf__mutmut_2": "not checked",
}
DIFF = "# a.b.x__c__mutmut_12: survived\n--- a\n+++ b\n@@ -1 +1 @@\n def f():\n-    a < 0\n+    a <= 0\n"


@pytest.mark.parametrize("name", TARGETS)
def test_the_files_and_the_tests_of_a_target_exist(name: str) -> None:
    target = TARGETS[name]
    assert (ROOT / target.source).is_dir()
    for pattern in target.mutated:
        assert pattern.startswith(f"{target.source}/")
        assert list(ROOT.glob(pattern)), pattern
    assert all((ROOT / tests).exists() for tests in target.tests)
    assert target.least_percent >= 75


def test_survivors_and_untested_mutants_are_not_noticed_and_untried_ones_do_not_count() -> None:
    assert noticed_percent(RESULTS) == 50
    assert noticed_percent({}) == 0
    assert noticed_percent({"a": "not checked"}) == 0


def test_the_figures_are_described() -> None:
    noticed = {name: result for name, result in RESULTS.items() if result in ("killed", "survived")}
    assert described(noticed) == "2 mutants noticed (1 killed, 1 survived)"
    assert described(RESULTS) == "4 mutants noticed (1 killed, 1 survived, 1 no tests, 1 timeout), a sample of 5"


def test_the_results_are_read() -> None:
    lines = "".join(f"    {name}: {result}\n" for name, result in RESULTS.items())
    assert parsed(f"some line: of mutmut\n{lines}") == RESULTS


def test_a_sample_has_mutants_of_every_module_and_is_drawn_alike_again() -> None:
    drawn = sample(RESULTS, 2)
    assert drawn == sample(reversed(list(RESULTS)), 2)
    assert [name.rpartition(".")[0] for name in drawn] == ["a.b"] * 2 + ["a.d"] * 2
    assert sorted(sample(RESULTS, 9)) == sorted(RESULTS)


def test_another_seed_draws_another_sample() -> None:
    mutants = [f"a.b.f__mutmut_{number}" for number in range(100)]
    assert sample(mutants, 5, seed=14) == sample(mutants, 5, seed=14)
    assert sample(mutants, 5, seed=14) != sample(mutants, 5)


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("a.b.x__begin__mutmut_12", "a.b._begin"),
        ("a.b.x_begin__mutmut_1", "a.b.begin"),
        ("a.b.xǁJpegǁparse__mutmut_3", "a.b.Jpeg.parse"),
        ("a.b.xǁ_Headerǁ__init____mutmut_3", "a.b._Header.__init__"),
    ],
)
def test_a_survivor_is_known_by_its_function_and_its_change(mutant: str, function: str) -> None:
    assert known.identity(mutant, DIFF) == f"{function}: a < 0 => a <= 0"


def test_the_known_survivors_are_of_functions_that_exist_and_have_reasons() -> None:
    reasons = known.reasons()
    assert reasons
    for survivor, reason in reasons.items():
        name, _, change = survivor.partition(": ")
        assert " => " in change, survivor
        assert reason.endswith("."), survivor
        module = next(
            module for target in TARGETS.values() for module in _modules(target.mutated) if name.startswith(module)
        )
        found: object = importlib.import_module(module.removesuffix("."))
        for part in name.removeprefix(module).split("."):
            found = getattr(found, part)
        assert callable(found), survivor
        lines = " ".join(line.strip() for line in inspect.getsource(found).splitlines())
        assert change.partition(" => ")[0] in lines, f"this line is gone: {survivor}"


def _modules(mutated: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(known.modules(mutated, ROOT), key=len, reverse=True))


def test_new_survivors_and_those_that_are_gone_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    target = TARGETS["jpeg"]
    listed = [survivor for survivor in known.reasons() if survivor.startswith(known.modules(target.mutated, ROOT))]
    report([*listed[1:], "a.b.f: a => b"], target, is_sample=False, with_known=False)
    assert capsys.readouterr().out == (
        f"  new survivor: a.b.f: a => b\n  no survivor any more, remove it from survivors.toml: {listed[0]}\n"
    )
    report(listed[:1], target, is_sample=True, with_known=True)
    assert capsys.readouterr().out.startswith(f"  known survivor: {listed[0]}\n    ")


def test_the_list_of_survivors_can_be_another_file(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text('[[survivors]]\nreason = "Why."\nmutants = ["a", "b"]\n')
    assert known.reasons(file) == {"a": "Why.", "b": "Why."}
