"""The process that makes films: it waits for its turn, and does not outlive its gateway."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from framebus.runtime.process_environment import environment
from gateway.export.__main__ import (
    LEAVE_FREE_BYTES,
    LOCK_NAME,
    MAX_FILM_BYTES,
    MAX_SECONDS,
    ExportError,
    check,
    make,
)
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


@pytest.mark.parametrize(
    ("size", "seconds", "free", "reason"),
    [
        (MAX_FILM_BYTES + 1, 1.0, LEAVE_FREE_BYTES, "the film became larger than 4 GB"),
        (1, MAX_SECONDS + 1, LEAVE_FREE_BYTES, "the film took longer than 4 hours to make"),
        (1, 1.0, LEAVE_FREE_BYTES - 1, "its disk has less than 1 GB free"),
    ],
)
def test_a_film_ends_at_each_limit(
    size: int, seconds: float, free: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (1, 1, 2**40, 2**40, free, 1, 1, 1, 0, 255)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(sizes))
    with pytest.raises(ExportError, match=reason):
        check(tmp_path, size, seconds)


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
