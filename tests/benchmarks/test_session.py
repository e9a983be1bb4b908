"""The durations and the folders of a run."""

from pathlib import Path

import pytest

from benchmarks.processes import SkippedBenchmark
from benchmarks.session import MIN_SECONDS, QUICK_SHARE, Session


def test_a_quick_run_is_shorter_and_has_one_round(tmp_path: Path) -> None:
    usual, quick = Session(tmp_path), Session(tmp_path, quick=True)
    assert (usual.seconds(10), usual.rounds(3)) == (10, 3)
    assert (quick.seconds(10), quick.rounds(3)) == (10 * QUICK_SHARE, 1)
    assert quick.seconds(0.1) == MIN_SECONDS


def test_each_pipeline_has_a_folder_of_its_own(tmp_path: Path) -> None:
    session = Session(tmp_path)
    folders = [session.new_folder(), session.new_folder()]
    assert len({*folders}) == 2
    assert all(folder.is_dir() for folder in folders)


def test_a_benchmark_that_cannot_run_is_skipped_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> None:
        raise SkippedBenchmark("ustreamer: not installed")

    with Session(tmp_path).skipping(SkippedBenchmark):
        check()
    assert capsys.readouterr().out.endswith("s  ustreamer: not installed\n")
