"""Every program of examples/ runs against a real camera process, and its README lists every program."""

import re
import sys
from pathlib import Path

import pytest

from tests.conftest import Configure, Start
from tests.processes import Running, wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = {
    "read_frames.py": (("front",), r"frame \d+: 320x240, \d+ bytes, -?\d+ ms old"),
    "read_frames_asyncio.py": (("front", "back"), r"(?s)(?=.*front: frame \d+)(?=.*back: frame \d+)"),
    "timelapse.py": (("front", "{folder}", "0.1"), r"saved .*/\d{4}-\d\d-\d\d/\d{6}\.jpg"),
    "watch_status.py": (("front",), r"front: (idle|live)"),
}
TWO_CARDS = "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\n' for name in ("front", "back"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_works(program: str, configure: Configure, start: Start, tmp_path: Path) -> None:
    config = configure(TWO_CARDS)
    for process in (("capture", "front"), ("capture", "back"), ("snapshot",)):
        start(*process, config=config)
    arguments, expected = PROGRAMS[program]
    filled = [argument.format(folder=tmp_path) for argument in arguments]
    command = [sys.executable, "-P", "-W", "error", str(EXAMPLES / program), *filled]
    running = Running(*command, log=tmp_path / "example.log", environment={"FRAMEBUS_CONFIG": str(config.path)})
    try:
        wait_until(lambda: re.search(expected, running.log) is not None, f"{program} prints {expected}: {running.log}")
    finally:
        running.close()


def test_every_program_is_tested_and_listed() -> None:
    files = {file.name for file in EXAMPLES.glob("*.py")}
    listed = set(re.findall(r"^\| \[(\S+\.py)\]\(\1\) \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert files == set(PROGRAMS) == listed
