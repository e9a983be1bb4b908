"""Percentiles and medians, and the file that a later run is compared with."""

import json
from pathlib import Path

import pytest

from benchmarks.results import Result, Results, document, percentile, percentiles, read


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_one_value_is_every_percentile() -> None:
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0}


def test_nothing_has_no_percentiles() -> None:
    assert percentiles([]) == {}
    with pytest.raises(ValueError, match=r"^a percentile of nothing$"):
        percentile([], 0.5)


def test_the_median_of_its_runs_stands_for_a_figure() -> None:
    results = Results()
    for value in (3.0, 100.0, 1.0):
        results.add("age/p50", value, "ms")
    assert results.value("age/p50") == 3.0
    assert results.value("age/p99") is None


def test_ages_are_kept_in_milliseconds() -> None:
    results = Results()
    results.add_ages("age/1", {"p50": 0.0015, "p99": 0.02})
    assert {name: (result.unit, result.value) for name, result in results.items()} == {
        "age/1/p50": ("ms", 1.5),
        "age/1/p99": ("ms", 20.0),
    }


def test_a_later_run_reads_what_this_one_wrote(tmp_path: Path) -> None:
    results = Results({"rate": Result("GB/s", [1.0, 3.0], more_is_better=True), "cpu": Result("s/GB", [0.2])})
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document(results, quick=True)))
    found, earlier = read(file)
    assert earlier == results
    assert found["quick"] is True
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["framebus"]
    assert found["figures"]["rate"]["value"] == 2.0


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[]")
    with pytest.raises(ValueError, match=f"^{file} is not a results file of make bench: it has no figures$"):
        read(file)
