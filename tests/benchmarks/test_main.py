"""The command line."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import EXIT_USAGE, main


def test_a_name_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["fanout"])
    assert end.value.code == 2
    assert "there is no benchmark fanout; there are few-viewers, fan-out, age, slow-link," in capsys.readouterr().err


def test_a_file_to_compare_with_is_read_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"figures": []}))
    assert main(["--compare", str(file)]) == EXIT_USAGE
    assert capsys.readouterr().err == f"{file} is not a results file of make bench: it has no figures\n"


def test_a_share_of_a_core_is_1_to_100_percent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--quota", "0.2"])
    assert end.value.code == EXIT_USAGE
    assert "0.2 is no share of a core; allowed: 1 to 100 percent" in capsys.readouterr().err


def test_a_folder_without_peers_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--peers", str(tmp_path)]) == EXIT_USAGE
    assert capsys.readouterr().err.startswith(f"{tmp_path} has no program ustreamer")
