"""`framebus events`: lines of JSON, and a hint where none will come."""

import subprocess
import sys
from pathlib import Path

import pytest

from framebus.commands.events import silent
from framebus.config.load import Config, parse
from framebus.protocol.wire import pack
from tests.conftest import Configure
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import EVENT
from tests.processes import Running


def configured(**cameras: dict[str, object]) -> Config:
    return parse({"camera": cameras}, Path("/x/framebus.toml"))


@pytest.mark.parametrize(
    ("camera", "hint"),
    [
        (None, None),
        ("front", None),
        ("back", "camera back reports no events; set motion = true in [camera.back]"),
    ],
)
def test_it_says_where_no_events_will_come(camera: str | None, hint: str | None) -> None:
    assert silent(configured(front={"motion": True}, back={}), camera) == hint


def test_it_says_that_no_camera_reports_any() -> None:
    assert silent(configured(front={}), None) == "no camera reports events; set motion = true in the table of one"


@pytest.mark.slow
def test_a_message_is_a_line_of_json(configure: Configure, publish: Publish, tmp_path: Path) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nmotion = true\n')
    publisher = publish(f"ipc://{config.run_dir}/events")
    command = (sys.executable, "-P", "-m", "framebus", "events", "front", "-n", "1", "--config", str(config.path))
    running = Running(*command, log=tmp_path / "events.log")
    try:
        publisher.subscription()
        publisher.send_message(pack("event", "front", EVENT))
        running.wait_for('"phase":"start"')  # it is the first message of this event that it sees
        assert running.process.wait() == 0
    finally:
        running.close()


@pytest.mark.slow
def test_a_camera_that_is_not_there_is_named(configure: Configure) -> None:
    config = configure('[camera.front]\nsource = "testcard"\n')
    command = (sys.executable, "-P", "-m", "framebus", "events", "side", "--config", str(config.path))

    ran = subprocess.run(command, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "there is no camera side; there is front\n")
