"""The command line."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import EXIT_USAGE, main


def test_a_name_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["fanout"])
    assert end.value.code == 2
    assert "there is no benchmark fanout; there are fan-out, age, slow-link," in capsys.readouterr().err


def test_a_file_to_compare_with_is_read_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"figures": []}))
    assert main(["--compare", str(file)]) == EXIT_USAGE
    assert capsys.readouterr().err == f"{file} is not a results file of make bench: it has no figures\n"
