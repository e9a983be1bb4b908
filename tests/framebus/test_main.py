"""`framebus COMMAND`: which commands there are, and where their arguments may stand."""

import os
import subprocess
from pathlib import Path

import pytest

from framebus.__main__ import COMMANDS, main
from tests.processes import python


def framebus(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["framebus", *arguments])
    try:
        return main()
    except SystemExit as ended:  # argparse
        return int(ended.code or 0)


def test_help_lists_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert framebus(monkeypatch, "--help") == 0

    output = " ".join(capsys.readouterr().out.split())
    assert {"up", "watch", "snapshot"} <= set(COMMANDS)
    for name, summary in COMMANDS.items():
        assert f"{name} {summary}" in output


def test_without_a_command_it_says_that_it_needs_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert framebus(monkeypatch) == 2
    assert capsys.readouterr().err.endswith("framebus: error: the following arguments are required: COMMAND\n")


def test_an_unknown_command_is_misuse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert framebus(monkeypatch, "down") == 2
    assert "framebus: error: argument COMMAND: invalid choice: 'down'" in capsys.readouterr().err


@pytest.mark.parametrize("before", [True, False])
def test_the_configuration_may_be_named_before_and_behind_the_command(
    before: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    option = ["--config", str(tmp_path / "none.toml")]
    command = ["watch", "front"]

    assert framebus(monkeypatch, *(option + command if before else command + option)) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path}/none.toml: No such file or directory; allowed: a file that can be read\n"
    )


@pytest.mark.medium
@pytest.mark.parametrize(
    "arguments",
    [("config",), ("--help",), ("--version",), ("doctor", "--config", "framebus.toml")],
    ids=lambda words: words[0],
)
def test_a_reader_that_has_seen_enough_is_no_failure(arguments: tuple[str, ...], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    file = tmp_path / "framebus.toml"  # named below: other framebuses may run on this machine
    file.write_text('[camera.front]\nsource = "testcard"\n')
    done = subprocess.run(
        [*python("framebus"), *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=60
    )
    os.close(writer)
    assert done.returncode in (
        (0, 141) if arguments[0].startswith("--") else (141,)
    )  # argparse passes over a failed write
    assert "Broken" not in done.stderr
    assert "Traceback" not in done.stderr
