"""docs/two-machines.md: its commands are commands, and with the keys that they make its tables are configurations."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from framebus.__main__ import main
from framebus.config.load import Config, load
from framebus.credentials.curve_keys import read

TEXT = (Path(__file__).parents[2] / "docs" / "two-machines.md").read_text()
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.M | re.S)
    for line in block.splitlines()
]
TABLES = re.findall(r"^```toml\n# on (the desk|the camera's machine)\n(.*?)^```$", TEXT, flags=re.M | re.S)


class Machine:
    """A machine's configuration, as the document has it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file = folder / "framebus.toml"
        self.file.write_text("")

    def run(self, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """`framebus COMMAND` there."""
        monkeypatch.setattr("sys.argv", ["framebus", "--config", str(self.file), *command])
        assert main() == 0

    def write(self, name: str, **keys: str) -> Config:
        """What the document says for the machine of that name, with a key where it leaves room for one."""
        text = "\n".join(text for where, text in TABLES if where == name)
        self.file.write_text(text.replace("THE KEY OF THE CAMERA'S MACHINE", keys.get("camera", "")))
        return load(self.file)


def test_two_machines_can_be_set_up_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, camera = Machine(tmp_path / "desk"), Machine(tmp_path / "camera")
    client, add, server, listing, remove = COMMANDS

    desk.run(client, monkeypatch)
    key_of_desk = capsys.readouterr().out.strip()
    camera.run([word.replace("THE KEY OF THE DESK", key_of_desk) for word in add], monkeypatch)
    camera.run(server, monkeypatch)
    key_of_camera = capsys.readouterr().out.strip()

    config = desk.write("the desk", camera=key_of_camera)
    assert not config.cameras["front"].is_here
    config = camera.write("the camera's machine")
    assert str(config.cameras["front"].publish) == "tcp://*:5555"
    assert str(config.snapshot.listen) == "tcp://*:5557"
    assert read(config.secrets).clients == {"desk": key_of_desk}

    camera.run(listing, monkeypatch)
    assert key_of_desk in capsys.readouterr().out
    camera.run(remove, monkeypatch)
    assert read(config.secrets).clients == {}


def test_the_other_way_is_there_too() -> None:
    parser = argparse.ArgumentParser()
    from framebus.commands import keys

    keys.add(parser)
    for command in re.findall(r"`framebus keys ([^`]+)`", TEXT):
        parser.parse_args(shlex.split(command))


def test_every_key_of_another_machine_is_in_it() -> None:
    for key in ("publish", "control", "connect", "connect_control", "server_key", "listen", "insecure_tcp", "sndbuf"):
        assert f"`{key}" in TEXT
