"""`framebus controls`: list, set and reset, with a real capture of the test card."""

import json
from collections.abc import Callable

import pytest

from framebus.__main__ import main
from framebus.commands import controls
from framebus.config.load import Config
from framebus.protocol.controls import Control
from tests.conftest import Configure, Start

Command = Callable[..., int]


@pytest.fixture
def config(configure: Configure, start: Start) -> Config:
    config = configure()
    start("capture", "front", config=config).wait_for("publishes at")
    return config


@pytest.fixture
def command(config: Config, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`framebus controls ARGUMENTS`; returns the exit status."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["framebus", "controls", "--config", str(config.path), *arguments])
        return main()

    return run


def test_controls_are_listed_set_and_reset(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("front") == 0
    assert capsys.readouterr().out == (
        "CONTROL     VALUE  DEFAULT  ALLOWED\nbrightness  0      0        a number from -1 to 1\n"
    )
    assert command("front", "brightness=0.25") == 0
    assert "\nbrightness  0.25   0        " in capsys.readouterr().out
    assert command("front", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["value"] == 0.25
    assert command("front", "--reset", "brightness", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["value"] == 0
    assert command("front", "brightness=1", "--reset") == 0
    assert "\nbrightness  1 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["front", "brightness=dark"], 1, 'brightness: found "dark"; allowed: a number from -1 to 1'),
        (["front", "brightness=2"], 1, "brightness: found 2; allowed: a number from -1 to 1"),
        (["front", "zoom=2"], 1, '"zoom": no such control; allowed: brightness'),
        (["frnt"], 2, 'there is no camera frnt; there is front; did you mean "front"?'),
    ],
)
def test_a_mistake_is_reported(
    arguments: list[str], status: int, sentence: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == status
    assert capsys.readouterr() == ("", f"{sentence}\n")


def test_an_invalid_assignment_is_refused(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command("front", "brightness")
    assert ended.value.code == 2
    assert "found 'brightness'; allowed: CONTROL=VALUE, such as brightness=0.1" in capsys.readouterr().err


def test_every_kind_of_control_has_a_line() -> None:
    table = controls.table(
        [
            Control(name="power", type="menu", value=1, default=0, menu={"0": "Off", "1": "50 Hz"}),
            Control(name="auto", type="bool", value=True, default=False),
            Control(name="gains", type="list", value=[1.5, 2.0], length=2, min=0, max=8),
            Control(name="focus", type="int", value=5, default=1, min=0, max=9, step=1, inactive=True),
            Control(name="lux", type="float", read_only=True),
        ]
    )
    assert [line.split(maxsplit=1) for line in table.splitlines()[1:]] == [
        ["power", "50 Hz      Off      0 (Off), 1 (50 Hz)"],
        ["auto", "true       false    true or false"],
        ["gains", "[1.5,2.0]  -        2 numbers, each from 0 to 8"],
        ["focus", "5          1        a whole number from 0 to 9; inactive"],
        ["lux", "-          -        read only"],
    ]
