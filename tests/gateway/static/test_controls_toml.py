"""The line for framebus.toml that the page shows is TOML, and sets the controls exactly as they are."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus.protocol.controls import Control, checked
from tests.programs import need

pytestmark = pytest.mark.medium

MENU = {"0": "Disabled", "1": "50 Hz", "3": 'Say "cheese"'}
SAME = {"0": "Auto", "1": "auto", "2": "Manual"}
CONTROLS = [
    Control(name="brightness", type="float", value=1.0, default=0.0, min=-1, max=1),
    Control(name="tiny", type="float", value=1e-9, default=0.0, min=0, max=1),
    Control(name="large", type="float", value=1e21, default=0.0),
    Control(name="exposure_time", type="int", value=33_333, default=100, min=1, max=66_666),
    Control(name="huge", type="int", value=2**53 - 1, default=0),
    Control(name="negative", type="int", value=-5, default=0, min=-10, max=0),
    Control(name="auto_exposure", type="bool", value=False, default=True),
    Control(name="power_line_frequency", type="menu", value=3, default=1, menu=MENU),
    Control(name="AwbMode", type="menu", value=1, default=0, menu=SAME),
    Control(name="unnamed choice", type="menu", value=2, default=0, menu=SAME),
    Control(name='a "key"', type="text", value='back\\slash, "quote", ünïcode \u007f', default=""),
    Control(name="ColourGains", type="list", value=[1.5, 2.0], default=[0.0, 0.0], length=2, min=0, max=32),
]
LEFT_OUT = [
    Control(name="usual", type="int", value=1, default=1),
    Control(name="chosen", type="int", value=7, default=1, inactive=True),
    Control(name="seen", type="int", value=7, default=1, read_only=True),
    Control(name="unknown", type="int", default=1),
]


def lines(*lists: list[Control]) -> list[str]:
    """What the page shows for each of these lists."""
    script = Path(__file__).parent / "toml_lines.mjs"
    given = msgspec.json.encode(lists)
    done = subprocess.run([need("node"), script], input=given, capture_output=True, check=True, timeout=60)
    found: list[str] = json.loads(done.stdout)
    return found


def test_the_line_says_what_is_set() -> None:
    some, none = lines([*CONTROLS, *LEFT_OUT], LEFT_OUT)
    assert none == ""
    assert "\n" not in some
    written: dict[str, Any] = tomllib.loads(some)["controls"]
    assert checked(CONTROLS, written) == {control.name: control.value for control in CONTROLS}
    assert 'power_line_frequency = "Say \\"cheese\\""' in some
    assert "AwbMode = 1," in some, "two choices have this name"
