"""Tables become structs, or a line for each mistake."""

from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec
import pytest

from framebus.config.strict_toml import ConfigProblems, convert_table, did_you_mean


class Colour:
    """A type that reads itself."""

    ALLOWED: ClassVar[str] = "red or green"

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def parse(cls, text: str) -> "Colour":
        if text not in ("red", "green"):
            raise ValueError(cls.ALLOWED)
        return cls(text)


GREEN = Colour("green")


class Lamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a table in these tests becomes."""

    name: str = "lamp"
    lit: bool = False
    watts: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 40
    hours: Annotated[float, msgspec.Meta(ge=0, description="hours, 0 or more")] = 1.5
    colour: Colour = GREEN


@pytest.fixture
def mistakes() -> ConfigProblems:
    return ConfigProblems("lamps.toml")


def test_a_table_becomes_a_struct(mistakes: ConfigProblems) -> None:
    lamp = convert_table({"name": "hall", "lit": True, "watts": 5, "hours": 2, "colour": "red"}, Lamp, "lamp", mistakes)

    assert (lamp.name, lamp.lit, lamp.watts, lamp.hours, lamp.colour.name) == ("hall", True, 5, 2.0, "red")
    assert isinstance(lamp.hours, float)
    assert mistakes.lines == []


def test_what_is_left_out_has_its_default(mistakes: ConfigProblems) -> None:
    assert convert_table({}, Lamp, "lamp", mistakes) == Lamp()
    assert mistakes.lines == []


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("name", 5, "lamps.toml: lamp.name: found 5; allowed: a string"),
        ("name", True, "lamps.toml: lamp.name: found true; allowed: a string"),
        ("lit", 1, "lamps.toml: lamp.lit: found 1; allowed: true or false"),
        ("lit", "yes", 'lamps.toml: lamp.lit: found "yes"; allowed: true or false'),
        ("watts", 0, "lamps.toml: lamp.watts: found 0; allowed: a whole number from 1 to 100"),
        ("watts", 101, "lamps.toml: lamp.watts: found 101; allowed: a whole number from 1 to 100"),
        ("watts", 5.5, "lamps.toml: lamp.watts: found 5.5; allowed: a whole number from 1 to 100"),
        ("watts", "5", 'lamps.toml: lamp.watts: found "5"; allowed: a whole number from 1 to 100'),
        ("watts", False, "lamps.toml: lamp.watts: found false; allowed: a whole number from 1 to 100"),
        ("watts", [5], "lamps.toml: lamp.watts: found a list; allowed: a whole number from 1 to 100"),
        ("watts", {"a": 5}, "lamps.toml: lamp.watts: found a table; allowed: a whole number from 1 to 100"),
        ("watts", date(2026, 1, 2), "lamps.toml: lamp.watts: found 2026-01-02; allowed: a whole number from 1 to 100"),
        ("hours", -0.5, "lamps.toml: lamp.hours: found -0.5; allowed: hours, 0 or more"),
        ("hours", float("nan"), "lamps.toml: lamp.hours: found nan; allowed: hours, 0 or more"),
        ("colour", "blue", 'lamps.toml: lamp.colour: found "blue"; allowed: red or green'),
        ("colour", 5, "lamps.toml: lamp.colour: found 5; allowed: red or green"),
        ("name", ["x" * 100], "lamps.toml: lamp.name: found a list; allowed: a string"),
        ("colour", "x" * 100, f'lamps.toml: lamp.colour: found "{"x" * 79}…; allowed: red or green'),
        (
            "wats",
            5,
            "lamps.toml: lamp.wats: found a key unknown to framebus; "
            'allowed in [lamp]: colour, hours, lit, name, watts; did you mean "watts"?',
        ),
        (
            "zzz",
            5,
            "lamps.toml: lamp.zzz: found a key unknown to framebus; allowed in [lamp]: colour, hours, lit, name, watts",
        ),
    ],
)
def test_a_mistake_is_said_and_the_default_kept(key: str, value: Any, line: str, mistakes: ConfigProblems) -> None:
    assert convert_table({key: value, "lit": True} if key != "lit" else {key: value}, Lamp, "lamp", mistakes) == Lamp(
        lit=key != "lit"
    )
    assert mistakes.lines == [line]


def test_every_mistake_is_said_in_the_order_of_the_file(mistakes: ConfigProblems) -> None:
    convert_table({"watts": 0, "colour": "blue", "size": 1, "lit": 0}, Lamp, "lamp", mistakes)

    assert [line.split(": ")[1] for line in mistakes.lines] == ["lamp.watts", "lamp.colour", "lamp.size", "lamp.lit"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\tb", r"a\tb"), ("a\nb", r"a\nb"), ("\x1b[31mred", r"\x1b[31mred"), ("\u2028", r"\u2028"), ("grün", "grün")],
)
def test_a_mistake_is_one_line_whatever_its_text_holds(text: str, shown: str, mistakes: ConfigProblems) -> None:
    convert_table({"colour": text, text: 1}, Lamp, "lamp", mistakes)
    assert mistakes.lines == [
        f'lamps.toml: lamp.colour: found "{shown}"; allowed: red or green',
        f"lamps.toml: lamp.{shown}: found a key unknown to framebus; "
        "allowed in [lamp]: colour, hours, lit, name, watts",
    ]


@pytest.mark.parametrize(("value", "shown"), [("bright", '"bright"'), (5, "5"), ([], "a list"), (True, "true")])
def test_what_is_no_table_is_said(value: Any, shown: str, mistakes: ConfigProblems) -> None:
    assert convert_table(value, Lamp, "lamp", mistakes) == Lamp()
    assert mistakes.lines == [f"lamps.toml: lamp: found {shown}; allowed: a table: [lamp]"]


def test_a_key_at_the_top_has_no_table_to_name(mistakes: ConfigProblems) -> None:
    mistakes.unknown("lmap", ["lamp", "fuse"])

    assert mistakes.lines == [
        'lamps.toml: lmap: found a key unknown to framebus; allowed: lamp, fuse; did you mean "lamp"?'
    ]


@pytest.mark.parametrize(("found", "said"), [("sise", '; did you mean "size"?'), ("fps", ""), ("", "")])
def test_only_a_near_miss_gets_a_suggestion(found: str, said: str) -> None:
    assert did_you_mean(found, ["size", "quality"]) == said
