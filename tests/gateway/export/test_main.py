"""The process that makes films: it waits for its turn, and does not outlive its gateway."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from framebus.runtime.process_environment import environment
from gateway.export.__main__ import LOCK_NAME, make
from gateway.export.job import FILM_NAME, Job, read_job, write_job
from tests.framebus.recordings.segments import STARTED, store
from tests.processes import DEADLINE_SECONDS, wait_until


def test_a_film_may_be_looked_at_before_the_encoder_has_written_anything(tmp_path: Path) -> None:
    pytest.importorskip("av")
    store(tmp_path, STARTED, list(range(0, 2000, 100)))
    folder = tmp_path / "exports" / ("0" * 16)
    job = Job(camera="front", begin=STARTED, end=STARTED + 60, created=3.0)
    write_job(folder, job)
    made = make(folder, job, RecordingFolder(tmp_path), progress_seconds=0.0)  # as where a frame takes a second
    assert (made.state, made.frames, made.bytes) == ("done", 20, (folder / FILM_NAME).stat().st_size)


@pytest.mark.medium
def test_a_film_waits_for_its_turn_and_ends_with_its_gateway(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / ("0" * 16)
    write_job(folder, Job(camera="front", begin=1.0, end=2.0, created=3.0))
    begun = read_job(folder)
    assert begun is not None
    command = [sys.executable, "-P", "-m", "gateway.export", str(folder), str(tmp_path)]
    with (folder.parent / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment("gateway.export")) as process:

            def waits() -> bool:
                found = read_job(folder)
                return found is not None and found[1].state == "waiting" and found[1].updated > begun[1].updated

            wait_until(waits, "the process waits")
            assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(DEADLINE_SECONDS) == 1
