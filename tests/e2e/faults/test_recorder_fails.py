"""The recorder and its disk fail: those who watch notice nothing, and the recordings go on by themselves."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.processes import anonymous_bytes
from framebus.client.recorder import request_recorder
from framebus.protocol.recorder import RecorderHeader
from framebus.recordings.folder import RecordedFrame, RecordingFolder
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.conftest import SLACK_SECONDS, Watched
from tests.processes import wait_until
from tests.programs import need

SLOW_DISK = Path(__file__).parents[2] / "slowdisk.c"
SLOW_SECONDS = 10
BUFFER_MB = 4
SLOW_DEADLINE_SECONDS = 120.0
"""The buffer holds some seconds of frames; on a busy machine there are fewer of them."""
LOST_SECONDS = 1.0
"""What a recorder that is killed may lose (docs/recording.md)."""
ALL = "mjpeg page zeromq"
CAMERA = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nrecord = "always"\nrecord_fps = 30\n'


def recordings(folder: Path) -> str:
    return f'{CAMERA}[recorder]\nfolder = "{folder}"\nleave_free_gb = 0\n'


def frames(folder: Path) -> list[RecordedFrame]:
    return list(RecordingFolder(folder).frames("front", 0))


def wait_for_frames(folder: Path, since: float) -> None:
    """Wait until frames are recorded that were captured after a moment."""
    wait_until(lambda: RecordingFolder(folder).frame_after("front", since), "it records")


def state(pipeline: Pipeline) -> RecorderHeader:
    return request_recorder("front", config=pipeline.config.path)


def test_kill_9_of_the_recorder(up: Up, watch: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    pipeline = up(recordings(folder))
    faults = watch(pipeline)
    wait_for_frames(folder, time.time())
    with faults.during("kill -9 recorder", keeps=ALL):
        killed = time.time()
        pipeline.kill("recorder")
        before = RecordingFolder(folder).frame_before("front", killed)
        assert before is not None
        assert killed - before.at < LOST_SECONDS + SLACK_SECONDS
    wait_for_frames(folder, time.time())
    monotonic = [frame.header.monotonic for frame in frames(folder)]
    assert all(one < other for one, other in pairwise(monotonic))


def test_the_recorder_is_stopped_and_continued(up: Up, watch: Watched, tmp_path: Path) -> None:
    """What it could not take meanwhile is lost, and counted."""
    folder = tmp_path / "recordings"
    pipeline = up(recordings(folder))
    faults = watch(pipeline)
    wait_for_frames(folder, time.time())
    pid = pipeline.processes()["recorder"]
    with faults.during("SIGSTOP of the recorder for 5 s", keeps=ALL):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(5)
        os.kill(pid, signal.SIGCONT)
    wait_for_frames(folder, time.time())

    def lost() -> int:
        seqs = [frame.header.seq for frame in frames(folder)]
        return seqs[-1] - seqs[0] + 1 - len(seqs)

    wait_until(lambda: state(pipeline).missed == lost(), "what is lost is counted")


def test_the_recordings_are_removed(up: Up, watch: Watched, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    pipeline = up(recordings(folder))
    faults = watch(pipeline)
    wait_for_frames(folder, time.time())
    with faults.during("the folder of recordings removed", keeps=ALL):
        shutil.rmtree(folder, ignore_errors=True)
    wait_for_frames(folder, time.time())
    wait_until(lambda: state(pipeline).state == "recording", "it says that it records")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_the_disk_of_the_recordings_is_full(disk: Path, up: Up, watch: Watched) -> None:
    """Nothing of it can be deleted: what fills it is no recording."""
    pipeline = up(recordings(disk / "recordings"))
    faults = watch(pipeline)
    wait_for_frames(disk / "recordings", time.time())
    ballast = disk / "ballast"
    with faults.during("the disk of the recordings full", keeps=ALL):
        with suppress(OSError), ballast.open("wb", buffering=0) as full:
            while full.write(bytes(4096)):
                pass
        wait_until(lambda: state(pipeline).state == "failed", "the failure is told")
        assert "No space left on device" in state(pipeline).reason or " GB free" in state(pipeline).reason
        ballast.unlink()
    wait_until(lambda: state(pipeline).state == "recording", "it records again")
    wait_for_frames(disk / "recordings", time.time())


def test_the_disk_of_the_recordings_is_read_only(disk: Path, up: Up, watch: Watched) -> None:
    pipeline = up(recordings(disk / "recordings"))
    faults = watch(pipeline)
    wait_for_frames(disk / "recordings", time.time())
    with faults.during("the disk of the recordings read-only", keeps=ALL):
        # As the kernel does after an error of the disk: a remount is refused while a file is being written.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", disk], check=True)
        wait_until(lambda: state(pipeline).state == "failed", "the failure is told")
        subprocess.run(["umount", disk], check=True)
    wait_until(lambda: state(pipeline).state == "recording", "it records again")
    wait_for_frames(disk / "recordings", time.time())


def test_the_disk_of_the_recordings_is_unplugged(disk: Path, up: Up, watch: Watched) -> None:
    """Nothing is written to the folder that lies below it, and what is plugged in again is used."""
    pipeline = up(recordings(disk / "recordings") + f'mount_point = "{disk}"\n')
    faults = watch(pipeline)
    wait_for_frames(disk / "recordings", time.time())
    with faults.during("the disk of the recordings unplugged", keeps=ALL):
        subprocess.run(["umount", "-l", disk], check=True)
        try:
            wait_until(lambda: state(pipeline).state == "failed", "the failure is told")
            assert state(pipeline).reason == f"nothing is mounted at {disk}"
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=True)
    wait_until(lambda: state(pipeline).state == "recording", "it records again")
    wait_for_frames(disk / "recordings", time.time())


@pytest.fixture
def slow_library(tmp_path: Path) -> Path:
    """A disk that takes its time, for LD_PRELOAD."""
    library = tmp_path / "slowdisk.so"
    command = [need("gcc"), "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(SLOW_DISK)]
    subprocess.run(command, check=True, timeout=60)
    return library


def test_the_disk_of_the_recordings_is_slow(up: Up, watch: Watched, slow_library: Path, tmp_path: Path) -> None:
    """What does not fit into the buffer is lost, and counted; the memory stays bounded."""
    folder, slow = tmp_path / "recordings", tmp_path / "slow"
    pipeline = up(
        recordings(folder).replace("320x240", "640x480") + f"buffer_mb = {BUFFER_MB}\n",
        environment={"LD_PRELOAD": str(slow_library), "SLOWDISK_FILE": str(slow)},
    )
    faults = watch(pipeline)
    wait_for_frames(folder, time.time())
    pid = pipeline.processes()["recorder"]
    before = anonymous_bytes(pid)
    with faults.during(f"the disk of the recordings slow: {SLOW_SECONDS} s for each piece", keeps=ALL):
        slow.write_text(str(SLOW_SECONDS))
        wait_until(lambda: state(pipeline).dropped > 0, "what does not fit is counted", SLOW_DEADLINE_SECONDS)
        assert anonymous_bytes(pid) - before < 5 * BUFFER_MB * 1e6
        slow.unlink()
    wait_for_frames(folder, time.time())
    assert pipeline.processes()["recorder"] == pid
