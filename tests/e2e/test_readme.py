"""What the README shows is tried: its programs run, and its configuration is one."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus import Subscriber
from framebus.config.load import load, parse
from framebus.runtime.run_dir import prepare
from tests.conftest import Start
from tests.processes import DEADLINE_SECONDS

README = (Path(__file__).parents[2] / "README.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SUBSCRIBING = [program for program in PROGRAMS if "Publisher" not in program]
PUBLISHING = [program for program in PROGRAMS if "Publisher" in program]
TABLES = re.findall(r"(?:^    .*\n|^\n)+", README, re.MULTILINE)


MARKED = '[camera.marked]\nsource = "program"\n'


@pytest.fixture
def home(run_dir: Path, start: Start) -> Iterator[dict[str, str]]:
    """The environment of somebody with a running camera and no run_dir of their own."""
    file = run_dir / "framebus.toml"
    file.write_text(f'[camera.front]\nsource = "testcard"\nsize = "64x48"\n{MARKED}')
    environment = {"XDG_RUNTIME_DIR": str(run_dir), "FRAMEBUS_CONFIG": str(file)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(run_dir))
        prepare(load(file))
        start("capture", "front", environment=environment).wait_for("publishes at")
        yield environment


@pytest.mark.parametrize("number", range(len(SUBSCRIBING)))
def test_the_programs_print_frames(number: int, home: dict[str, str]) -> None:
    command = [sys.executable, "-u", "-W", "error", "-c", SUBSCRIBING[number]]
    with subprocess.Popen(command, env=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(4)]
        program.kill()
        program.wait(DEADLINE_SECONDS)
    numbers = [int(re.match(r"\d+", line)[0]) for line in lines if re.match(r"\d+", line)]  # type: ignore[index]
    assert len(numbers) == 4, lines
    assert numbers == sorted(numbers)
    assert len(set(numbers)) >= 3, "the first may come twice: the newest frame is sent again to a new subscriber"


def test_there_are_both_ways_to_subscribe() -> None:
    assert len(SUBSCRIBING) == 2
    assert "import zmq" not in SUBSCRIBING[0]
    assert "framebus import" not in SUBSCRIBING[1]
    assert len(SUBSCRIBING[1].strip().splitlines()) <= 12


def test_the_program_that_publishes_makes_a_camera(home: dict[str, str], start: Start) -> None:
    (program,) = PUBLISHING
    assert len(program.strip().splitlines()) <= 12
    with subprocess.Popen([sys.executable, "-W", "error", "-c", program], env=home) as running:
        try:
            with Subscriber("marked", config=home["FRAMEBUS_CONFIG"], timeout=DEADLINE_SECONDS) as marked:
                frame = marked.receive()
        finally:
            running.kill()
    assert (frame.width, frame.height, frame.camera) == (32, 24, "marked")


def test_the_configurations_are_right() -> None:
    tables = [text for text in TABLES if re.search(r"^    \[(camera|gateway)", text, re.MULTILINE)]
    assert len(tables) == 2
    for text in tables:
        parse(tomllib.loads(text), Path("framebus.toml"), keys=False)
