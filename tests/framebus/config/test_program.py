"""The tables [program.NAME]: what they say, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import ConfigError, parse
from framebus.config.program import ProgramConfig

PATH = Path("/etc/framebus/framebus.toml")


def test_a_program_has_a_command_a_folder_and_an_environment() -> None:
    table = {"command": ["{python}", "-u", "a{python}b"], "directory": "code", "environment": {"MODEL": "x"}}
    config = parse({"program": {"detector": table, "other": {"command": ["true"]}}}, PATH)

    assert config.programs == {
        "detector": ProgramConfig(
            command=["{python}", "-u", "a{python}b"], directory="/etc/framebus/code", environment={"MODEL": "x"}
        ),
        "other": ProgramConfig(command=["true"], directory="/etc/framebus"),
    }
    assert config.programs["detector"].words("/usr/bin/python3") == ["/usr/bin/python3", "-u", "a/usr/bin/python3b"]


@pytest.mark.parametrize(
    ("programs", "text"),
    [
        (
            {"a": {}},
            'program.a.command: found "nothing"; allowed: a list of words, such as ["{python}", "detector.py"]',
        ),
        ({"a": {"command": []}}, "program.a.command: found a list; allowed: a list of words"),
        ({"a": {"command": "python x.py"}}, 'program.a.command: found "python x.py"; allowed: a list of words'),
        ({"a": {"command": ["x"], "directroy": "."}}, "program.a.directroy: found a key unknown to framebus"),
        (
            {"a": {"command": ["x"], "environment": {"A B": "1"}}},
            'program.a.environment: found "A B"; allowed: names',
        ),
        (
            {"a": {"command": ["x"], "environment": {"A": 1}}},
            "program.a.environment: found a table; allowed: a table",
        ),
        ({"A": {"command": ["x"]}}, 'program.A: found "A"; allowed: a program\'s name is 1 to 32 of'),
        ({"a": {"command": ["x\0"]}}, 'program.a: found "a NUL"; allowed: texts without one'),
        (
            {"a": {"command": ["x", "y" * 65536]}},
            'program.a: found "texts of 65556 bytes"; allowed: at most 65536',
        ),
        (["x"], "program: found a list; allowed: tables: [program.NAME]"),
        ({"a": "x"}, 'program.a: found "x"; allowed: a table: [program.a]'),
        ({f"p{n}": {"command": ["x"]} for n in range(33)}, 'program: found "33 programs"; allowed: at most 32'),
    ],
)
def test_a_mistake_is_said(programs: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"program": programs}, PATH)
    assert caught.value.mistakes[0].startswith(f"{PATH}: {text}"), caught.value.mistakes


def test_the_camera_of_a_program_is_closed_while_it_is_idle() -> None:
    cameras = {"marked": {"source": "program"}, "other": {"source": "program", "idle_fps": 2}, "front": {}}
    config = parse({"camera": cameras}, PATH)

    assert [camera.idle_fps for camera in config.cameras.values()] == [0, 2, 1]
    assert [camera.has_capture for camera in config.cameras.values()] == [False, False, True]
    assert [camera.is_program for camera in config.cameras.values()] == [True, True, False]
