"""`framebus camera`: what it writes into framebus.toml."""

import argparse
import json
import tomllib
from typing import Any

import pytest

from framebus.commands import camera
from framebus.config.load import Config
from tests.conftest import Configure


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def run(config: Config, *words: str) -> int:
    parser = argparse.ArgumentParser()
    camera.add(parser)
    return camera.run(parser.parse_args([*words, "--config", str(config.path)]))


def tables(config: Config) -> dict[str, Any]:
    assert config.path is not None
    found: dict[str, Any] = tomllib.loads(config.path.read_text())["camera"]
    return found


def test_a_camera_is_added_changed_and_removed(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("source=testcard", "title=Garden = gate", "fps=7.5", "hflip=true", "size=640x480")
    assert run(config, "add", "garden", *words) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{config.path} was changed; {config.path}.old has the text from before",
        "framebus does not run; start it with: framebus up, or as a service: sudo systemctl start framebus",
    ]
    assert tables(config)["garden"] == {
        "source": "testcard",
        "title": "Garden = gate",
        "fps": 7.5,
        "hflip": True,
        "size": "640x480",
    }
    assert run(config, "set", "garden", "fps=", "title=8") == 0
    assert tables(config)["garden"]["title"] == "8"
    assert "fps" not in tables(config)["garden"]
    assert run(config, "set", "garden", "title=8") == 0
    assert f"{config.path} says so already\n" in capsys.readouterr().out
    assert run(config, "remove", "garden") == 0
    assert list(tables(config)) == ["front"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "garden"], "name its source"),
        (["add", "garden", "source"], "found 'source'; allowed: KEY=VALUE"),
        (["add", "garden", "sorce=auto"], "there is no key 'sorce' of a camera; did you mean \"source\"?"),
        (["add", "front", "source=auto"], "there is a camera front already"),
        (["set", "front"], "name what to change"),
        (["set", "front", "fps=fast"], 'camera.front.fps: found "fast"; allowed: frames a second'),
        (["set", "gardn", "fps=1"], "there is no camera gardn"),
        (["remove", "front"], "front is the only camera"),
    ],
)
def test_what_cannot_be_is_refused(
    config: Config, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(config)
    assert run(config, *words) == 2
    assert said in capsys.readouterr().err
    assert tables(config) == before


def test_the_list_of_cameras_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    webcam = {
        "source": "v4l2:serial=3F2A",
        "name": "C920",
        "path": "/dev/video0",
        "sizes": [{"size": "1920x1080", "fps": 30.0}, {"size": "640x480", "fps": 0}],
        "problem": "",
    }
    broken = {**webcam, "source": "v4l2:/dev/video2", "sizes": [], "problem": "no permission"}
    camera.show([webcam, broken], as_json=False)
    assert capsys.readouterr().out == (
        "v4l2:serial=3F2A\tC920\t1920x1080 at 30 fps, 640x480\nv4l2:/dev/video2\tC920\tno permission\n"
    )
    camera.show([], as_json=False)
    assert capsys.readouterr().out.startswith("no camera is attached; ")
    camera.show([webcam], as_json=True)
    assert json.loads(capsys.readouterr().out) == [webcam]
