"""Every input that fuzzing has found worth keeping, given to its parser again."""

import pytest

from tests.fuzz import CORPUS
from tests.fuzz.minimise import redundant
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_its_parser(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert len(inputs) > 10, "an empty corpus tests nothing"
    for file in inputs:
        TARGETS[name](file.read_bytes())


def test_inputs_that_reach_nothing_new_are_redundant_unless_they_have_a_name() -> None:
    one, other, more = (f"{number:040x}" for number in range(3))
    inputs = {"seed": b'{"camera":"front"}', one: b'{"camera":"back"}', other: b"[", more: b"[[", "crash-fixed": b"["}
    assert redundant(inputs, "stills") == [one, more]


def test_the_corpora_are_small() -> None:
    sizes = [file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()]
    assert sum(sizes) < 2_000_000
