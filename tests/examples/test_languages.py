"""The readers in C and in Node, on the golden files and on a live test card."""

import re
import subprocess
from pathlib import Path

import pytest

from framebus.protocol.wire import FrameHeader, parse
from framebus.runtime.run_dir import frames_endpoint
from tests.conftest import Configure, Start
from tests.examples.test_examples import EXAMPLES
from tests.npm import install
from tests.processes import DEADLINE_SECONDS, Running, wait_until
from tests.programs import need

GOLDEN = Path(__file__).parents[1] / "framebus" / "golden"
FRAMES = ["live.bin", "peek.bin", "half.bin", "full.bin", "snapshot.bin", "live-from-later.bin"]
NODE_PACKAGES = {"zeromq": "6.8.0", "cmake-ts": "1.0.2"}
"""zeromq brings libzmq compiled; cmake-ts finds it."""
CARD = '[camera.front]\nsource = "testcard"\nsize = "320x240"\n'


def expected(file: str) -> str:
    parts, header = parse((GOLDEN / file).read_bytes(), FrameHeader)
    return f"frame {header.seq}: {header.width}x{header.height}, {len(parts.body)} bytes\n"


def output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True).stdout


def reads_live(*command: str, configure: Configure, start: Start, tmp_path: Path) -> None:
    config = configure(CARD)
    reader = Running(*command, frames_endpoint(config.run_dir, "front"), "front", log=tmp_path / "reader.log")
    try:
        start("capture", "front", config=config)
        wait_until(
            lambda: len(re.findall(r"frame \d+: 320x240, \d{4,} bytes\n", reader.log)) > 3,
            f"frames arrive: {reader.log}",
            2 * DEADLINE_SECONDS,
        )
    finally:
        reader.close()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader in C."""
    program = tmp_path_factory.mktemp("c") / "read_frames"
    if not Path("/usr/include/zmq.h").exists():
        pytest.skip("libzmq3-dev is not installed")
    warnings = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
    subprocess.run([need("gcc"), *warnings, "-o", program, EXAMPLES / "read_frames.c", "-lzmq"], check=True)
    return program


@pytest.mark.slow
@pytest.mark.parametrize("file", FRAMES)
def test_c_reads_the_golden_files(file: str, compiled: Path) -> None:
    assert output(compiled, "--file", GOLDEN / file) == expected(file)


@pytest.mark.slow
def test_c_reads_a_live_camera(compiled: Path, configure: Configure, start: Start, tmp_path: Path) -> None:
    reads_live(str(compiled), configure=configure, start=start, tmp_path=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("file", FRAMES)
def test_node_reads_the_golden_files(file: str) -> None:
    assert output(need("node"), EXAMPLES / "read_frames.mjs", "--file", GOLDEN / file) == expected(file)


@pytest.mark.slow
def test_node_reads_a_live_camera(configure: Configure, start: Start, tmp_path: Path) -> None:
    node = need("node")
    for name, version in NODE_PACKAGES.items():
        install(name, version, tmp_path / "node_modules" / name)
    program = tmp_path / "read_frames.mjs"
    program.write_bytes((EXAMPLES / "read_frames.mjs").read_bytes())  # Node looks for packages beside the program
    reads_live(node, str(program), configure=configure, start=start, tmp_path=tmp_path)
