"""A program of the user's beside framebus: started, fed, published back, watched as any camera, and started again.

A script starts it, which does not pass SIGTERM on.
"""

import os
import time
from pathlib import Path

import pytest

from framebus import Subscriber
from tests.e2e.conftest import Pipeline, Up
from tests.processes import DEADLINE_SECONDS, is_gone, wait_until

TABLES = """
[camera.front]
source = "testcard"
size = "320x240"
[camera.marked]
source = "program"
[program.detector]
command = ["sh", "-c", '"{python}" -u detector.py; exit $?']
environment = { WORD = "hello" }
"""
DETECTOR = """
import os
from framebus import Publisher, Subscriber

print(os.environ["WORD"], os.getpid(), flush=True)
with Publisher("marked") as marked:
    for frame in Subscriber("front"):
        if marked.watched:
            marked.publish(255 - frame.decode(), like=frame)
"""

pytestmark = pytest.mark.slow


def program_pids(pipeline: Pipeline) -> list[int]:
    """The processes that it said that it was."""
    lines = [line for line in pipeline.up.log.splitlines() if line.startswith("program-detector: hello ")]
    return [int(line.split()[-1]) for line in lines]


def parent(pid: int) -> int:
    """The parent of a process (proc_pid_stat(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_program_publishes_back(up: Up, run_dir: Path) -> None:
    (run_dir / "detector.py").write_text(DETECTOR)
    pipeline = up(TABLES)
    wait_until(lambda: program_pids(pipeline), "the program runs", 3 * DEADLINE_SECONDS)
    pid = program_pids(pipeline)[0]
    assert b"FRAMEBUS_PROGRAM" not in Path(f"/proc/{pid}/environ").read_bytes()
    states = {camera["name"]: camera["state"] for camera in pipeline.cameras()}
    assert set(states) == {"front", "marked"}
    wait_until(lambda: pipeline.get("/camera/marked/snapshot.jpg")[:2] == b"\xff\xd8", "a still of the result")
    with Subscriber("marked", config=pipeline.config.path, timeout=DEADLINE_SECONDS) as viewer:
        epoch = viewer.receive().epoch
        os.kill(parent(pid), 9)  # the script; what it has started would keep the camera
        wait_until(lambda: viewer.receive().epoch != epoch, "the program is back", 2 * DEADLINE_SECONDS)
    began = time.monotonic()
    pipeline.up.terminate()
    assert time.monotonic() - began < DEADLINE_SECONDS
    wait_until(lambda: is_gone(program_pids(pipeline)[-1]), "the program has ended")
