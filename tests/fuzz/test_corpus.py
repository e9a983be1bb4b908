"""Every input that fuzzing has found worth keeping, given to its parser again."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_its_parser(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert len(inputs) > 10, "an empty corpus tests nothing"
    for file in inputs:
        TARGETS[name](file.read_bytes())
