"""A number that cannot be used is refused with what is allowed."""

import argparse

import pytest

from framebus.commands.numbers import count, seconds


def test_numbers_are_read() -> None:
    assert (count("1"), count("300")) == (1, 300)
    assert (seconds("0.5"), seconds("3"), seconds("inf")) == (0.5, 3.0, float("inf"))


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", ""])
def test_another_count_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        count(text)
    assert str(caught.value) == f"{text!r}; allowed: a whole number from 1"


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", ""])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        seconds(text)
    assert str(caught.value) == f"{text!r}; allowed: seconds, more than 0"
