"""Sweeps keep their first members fast, and long values give short names."""

import pytest

from tests.parameters import MAX_ID_CHARACTERS, pytest_make_parametrize_id, sweep


def test_a_sweep_has_all_values_and_marks_those_after_the_first_ones() -> None:
    swept = sweep("abc", 2)
    assert [value for parameter in swept for value in parameter.values] == ["a", "b", "c"]
    assert [[mark.name for mark in parameter.marks] for parameter in swept] == [[], [], ["slow"]]


@pytest.mark.parametrize("value", ["x" * 100_000, b"\0" * 100_000, "é\n" * 100_000])
def test_a_long_value_has_a_short_name(value: str | bytes) -> None:
    name = pytest_make_parametrize_id(value)
    assert name
    assert len(name) < 2 * MAX_ID_CHARACTERS
    assert name.isascii()
    assert name.isprintable()


@pytest.mark.parametrize("value", ["", "x" * MAX_ID_CHARACTERS, b"x", 7, None])
def test_any_other_value_is_named_by_pytest(value: object) -> None:
    assert pytest_make_parametrize_id(value) is None
