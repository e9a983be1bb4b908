"""Every program of examples/ runs against real camera processes, and its README lists every program."""

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from framebus import Subscriber
from framebus.config.load import Config
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = {
    "read_frames.py": (("front",), r"frame \d+: 320x240, \d+ bytes, -?\d+ ms old"),
    "read_frames_asyncio.py": (("front", "back"), r"(?s)(?=.*front: frame \d+)(?=.*back: frame \d+)"),
    "timelapse.py": (("front", "{folder}", "0.1"), r"saved .*/\d{4}-\d\d-\d\d/\d{6}\.jpg"),
    "watch_status.py": (("front",), r"front: (idle|live)"),
    "record_frames.py": (("front", "{folder}", "20"), r"saved 20 frames, 0 lost"),
    "pair_stereo.py": (("front", "back"), r"pair \d+ and \d+: [+-]\d+\.\d ms apart, difference \d"),
}
OF_THEIR_OWN = {"detect_motion.py", "publish_mqtt.py", "serve_still.py"}
"""Each has a test of its own, below and in test_mqtt.py."""
IN_OTHER_LANGUAGES = {"read_frames.c", "read_frames.mjs", "read_frames.html"}
"""tests/examples/test_languages.py has them, and tests/e2e/test_example_page.py the page."""
CAMERAS = (
    "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\n' for name in ("front", "back"))
    + '[camera.marked]\nsource = "program"\n'
)


@pytest.fixture
def config(configure: Configure, start: Start) -> Config:
    config = configure(CAMERAS)
    for process in (("capture", "front"), ("capture", "back"), ("snapshot",)):
        start(*process, config=config)
    return config


def running(
    program: str, *arguments: str, config: Config, tmp_path: Path, environment: Mapping[str, str] | None = None
) -> Running:
    command = [sys.executable, "-P", "-W", "error", str(EXAMPLES / program), *arguments]
    environment = {"FRAMEBUS_CONFIG": str(config.path), **(environment or {})}
    return Running(*command, log=tmp_path / "example.log", environment=environment)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_works(program: str, config: Config, tmp_path: Path) -> None:
    arguments, expected = PROGRAMS[program]
    filled = [argument.format(folder=tmp_path, run_dir=config.run_dir) for argument in arguments]
    started = running(program, *filled, config=config, tmp_path=tmp_path)
    try:
        wait_until(
            lambda: re.search(expected, started.log) is not None,
            f"{program} prints {expected}: {started.log}",
            2 * DEADLINE_SECONDS,
        )
    finally:
        started.close()


def test_motion_is_marked_and_published(config: Config, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    started = running("detect_motion.py", "front", "marked", config=config, tmp_path=tmp_path)
    try:
        with Subscriber("marked", config=config.path, timeout=2 * DEADLINE_SECONDS) as viewer:
            frame = viewer.receive()
            assert (frame.width, frame.height) == (160, 120)
            wait_until(lambda: viewer.receive().metadata["moving"] > 0, "the test card moves")
    finally:
        started.close()


def test_a_still_is_on_a_page(config: Config, free_port: int, tmp_path: Path) -> None:
    pytest.importorskip("flask")
    started = running("serve_still.py", "front", str(free_port), config=config, tmp_path=tmp_path)
    try:
        started.wait_for("Running on")

        def still() -> bytes:
            """Empty while there is none, as the camera may have given no picture yet."""
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/still.jpg") as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                error.close()
                return b""

        wait_until(lambda: still().startswith(b"\xff\xd8"), "a still")
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/") as answer:
            assert b'src="still.jpg"' in answer.read()
    finally:
        started.close()


def test_every_program_is_tested_and_listed() -> None:
    files = {file.name for file in EXAMPLES.iterdir() if file.suffix in (".py", ".c", ".mjs", ".html")}
    lines = re.findall(r"^\| \[(\S+)\]\(\1\) \| (.+) \| (.+) \|$", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    assert files == set(PROGRAMS) | OF_THEIR_OWN | IN_OTHER_LANGUAGES == {name for name, _, _ in lines}
    assert all(cost for _, _, cost in lines)


@pytest.mark.parametrize("program", sorted(IN_OTHER_LANGUAGES))
def test_a_reader_in_another_language_is_short(program: str) -> None:
    assert len((EXAMPLES / program).read_text().splitlines()) < 60
