"""The guard of instructions a frame: what it counts, and when it fails."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import instructions
from benchmarks.instructions import ALLOWED, EXIT_NOT_MEASURED, KEPT, interpreter, main, verdict

ROOT = Path(__file__).parents[2]


def test_a_tenth_more_is_allowed_and_no_more() -> None:
    kept = {"capture": 2_000_000.0, "gateway": 800_000.0}
    lines, fine = verdict({"capture": 2_000_000 * ALLOWED, "gateway": 400_000}, kept)
    assert fine
    assert lines == [
        "capture: 2,200,000 instructions a frame, 1.100 times the 2,000,000 kept",
        "gateway: 400,000 instructions a frame, 0.500 times the 800,000 kept",
    ]
    lines, fine = verdict({"capture": 2_000_000, "gateway": 890_000}, kept)
    assert not fine
    assert lines[1] == (
        "gateway: 890,000 instructions a frame, 1.113 times the 800,000 kept, allowed: at most 1.10 times as many"
    )


def test_figures_are_kept_for_each_python_and_processor() -> None:
    assert re.fullmatch(r"CPython 3\.\d+, \w+", interpreter())
    for name, figures in json.loads(KEPT.read_text()).items():
        assert re.fullmatch(r"CPython 3\.\d+, \w+", name)
        assert set(figures) == {"capture", "gateway"}
        assert all(count > 0 for count in figures.values())


def test_without_valgrind_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main([]) == EXIT_NOT_MEASURED
    assert capsys.readouterr().err == (
        "instructions a frame: not measured: valgrind: not installed (sudo apt install valgrind)\n"
    )


def test_ci_measures_them() -> None:
    assert "\nboth lint instructions\n" in (ROOT / ".ci" / "run").read_text()
    assert instructions.__name__ in (ROOT / "Makefile").read_text()
