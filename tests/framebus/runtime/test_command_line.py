"""Command lines, with and without argparse."""

import subprocess
import sys
from argparse import ArgumentParser

import pytest

from framebus.runtime import command_line

PLAIN = """
import sys
before = set(sys.modules)  # of the environment, such as coverage
from framebus.runtime.command_line import read
options = read(None, ("camera",), trial=False)
print(options.camera, options.trial, options.config, "argparse" in set(sys.modules) - before)
"""


def parser() -> ArgumentParser:
    made = command_line.arguments("capture", "Own one camera.")
    made.add_argument("camera")
    made.add_argument("--try", dest="trial", action="store_true")
    return made


def read(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[str, bool, str | None]:
    monkeypatch.setattr(sys, "argv", ["capture", *words])
    options = command_line.read(parser, ("camera",), trial=False)
    return options.camera, options.trial, options.config


@pytest.mark.medium
def test_words_without_options_are_read_without_argparse() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN, "front"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "front False None False\n"


def test_options_are_read_as_argparse_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, "front") == ("front", False, None)
    assert read(monkeypatch, "--config", "my.toml", "front") == ("front", False, "my.toml")
    assert read(monkeypatch, "front", "--try") == ("front", True, None)


@pytest.mark.parametrize("words", [[], ["front", "back"], ["--help-me"]])
def test_a_mistake_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        read(monkeypatch, *words)
    assert caught.value.code == 2
    assert "usage: capture" in capsys.readouterr().err
