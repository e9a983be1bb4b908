"""`make soak MINUTES=n`: the pipeline for a long time, with viewers who come and go and a fault every half minute.

It fails when a fault is not recovered from, when somebody gets what is no whole picture, and when a process grows.
Somebody walks in front of the camera, all is recorded on a small disk, and the faults meet these, too.
"""

import gc
import io
import itertools
import math
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import zmq
from PIL import Image

from framebus.client.recorder import request_recorder
from framebus.recordings.event_folder import EventFolder
from framebus.recordings.folder import RecordingFolder
from framebus.runtime.run_dir import control_endpoint, frames_endpoint, snapshot_endpoint
from tests.capture.v4l2.shim import DEVICE
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.conftest import SHIM_CAMERA, STALL_SECONDS, WHOLE_SECONDS, Faults, Watched
from tests.e2e.faults.crowd import Crowd
from tests.e2e.faults.growth import Reading, growth, read
from tests.e2e.faults.test_hostile_peers import noise, sockets
from tests.e2e.faults.test_system_fails import HOUR_SECONDS, clock_library
from tests.processes import wait_until
from tests.recorder.motion.walker import picture

__all__ = ["clock_library"]

MINUTES = float(os.environ.get("FRAMEBUS_SOAK_MINUTES", "0"))
FAULT_EVERY_SECONDS = 30.0
READ_EVERY_SECONDS = 15.0
VIEWERS = 17
"""Beside the three that stay all the time."""
DISK_MB = 64
"""Of the recordings: some minutes of them fit."""
WALKING_PICTURES, EMPTY_PICTURES = 50, 100

Breaking = Callable[[Pipeline, Faults, Path], None]


def webcam_fault(word: str) -> Breaking:
    """The camera does something else for eight seconds."""

    def fault(pipeline: Pipeline, faults: Faults, file: Path) -> None:
        file.write_text(word)
        wait_until(lambda: faults.page.state == "offline", f"the page told of {word}")
        file.unlink()

    return fault


def kill(process: str) -> Breaking:
    """kill -9."""

    def fault(pipeline: Pipeline, faults: Faults, file: Path) -> None:
        pipeline.kill(process)

    return fault


def pause(process: str) -> Breaking:
    """SIGSTOP for five seconds."""

    def fault(pipeline: Pipeline, faults: Faults, file: Path) -> None:
        pid = pipeline.processes()[process]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(5)
        os.kill(pid, signal.SIGCONT)

    return fault


def silent_viewers(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """Fifty viewers that read nothing, for five seconds."""
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    crowd = [socket.create_connection(address) for _ in range(50)]
    for connection in crowd:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(5)
    for connection in crowd:
        connection.close()


def many_connections(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """Connect and leave, for two seconds."""
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        socket.create_connection(address).close()


def noise_everywhere(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """Two seconds of it to each socket."""
    config = pipeline.config
    for kind, endpoint in (
        (zmq.DEALER, snapshot_endpoint(config.run_dir)),
        (zmq.DEALER, control_endpoint(config.run_dir, "front")),
        (zmq.XSUB, frames_endpoint(config.run_dir, "front")),
    ):
        with sockets(kind, endpoint) as (hostile,):
            noise(hostile.send, 2)


def clock_set(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """The wall clock jumps forward by an hour, and the next time back again."""
    ahead = HOUR_SECONDS if faults.page.clock_ahead_seconds == 0 else 0
    for consumer in faults.consumers:
        consumer.clock_ahead_seconds = ahead
    file.with_name("offset").write_text(str(ahead))
    time.sleep(2)


def recordings_full(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """Something else fills the disk of the recordings, which makes room in vain."""
    ballast = Path(pipeline.config.recorder.folder or "").with_name("ballast")

    def state() -> str:
        return request_recorder("front", config=pipeline.config.path).state

    def fails() -> bool:
        with suppress(OSError), ballast.open("ab", buffering=0) as full:
            while full.write(bytes(4096)):
                pass
        return state() == "failed"

    wait_until(fails, "it says that the disk is full")
    ballast.unlink()
    wait_until(lambda: state() == "recording", "it records again")


def recordings_removed(pipeline: Pipeline, faults: Faults, file: Path) -> None:
    """Somebody deletes all recordings, and the folder with them."""
    folder = Path(pipeline.config.recorder.folder or "")
    shutil.rmtree(folder, ignore_errors=True)
    wait_until(lambda: list(folder.rglob("*.mkv")), "it records again")


SELDOM: list[tuple[str, Breaking, float]] = [
    ("kill -9 capture", kill("capture front"), WHOLE_SECONDS),
    ("kill -9 snapshot", kill("snapshot"), WHOLE_SECONDS),
    ("kill -9 gateway", kill("gateway"), WHOLE_SECONDS),
    ("kill -9 recorder", kill("recorder"), WHOLE_SECONDS),
    ("kill -9 motion", kill("recorder.motion"), WHOLE_SECONDS),
]
"""Of these one each SELDOM_EVERY faults: a process that is killed every other minute has no time to grow."""
SELDOM_EVERY = 16
OFTEN: list[tuple[str, Breaking, float]] = [
    ("camera: gone", webcam_fault("gone"), WHOLE_SECONDS),
    ("clock set", clock_set, WHOLE_SECONDS),
    ("recordings: disk full", recordings_full, WHOLE_SECONDS),
    ("silent viewers", silent_viewers, WHOLE_SECONDS),
    ("camera: hang", webcam_fault("hang"), STALL_SECONDS),
    ("noise everywhere", noise_everywhere, WHOLE_SECONDS),
    ("camera: truncate", webcam_fault("truncate"), STALL_SECONDS),
    ("many connections", many_connections, WHOLE_SECONDS),
    ("camera: garbage", webcam_fault("garbage"), STALL_SECONDS),
    ("SIGSTOP capture", pause("capture front"), STALL_SECONDS),
    ("SIGSTOP gateway", pause("gateway"), STALL_SECONDS),
    ("SIGSTOP snapshot", pause("snapshot"), STALL_SECONDS),
    ("SIGSTOP recorder", pause("recorder"), WHOLE_SECONDS),
    ("SIGSTOP motion", pause("recorder.motion"), WHOLE_SECONDS),
    ("recordings removed", recordings_removed, WHOLE_SECONDS),
]


def show(minutes: float, readings: list[Reading], visits: int) -> None:
    """A line of the table that the run prints."""
    stats = "  ".join(f"{each.process} {each.memory_mb:5.1f} MB {each.descriptors:3d}" for each in readings)
    print(f"{minutes:6.1f} min  {visits:5d} visits  {stats}", flush=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system for the recordings."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def walked(up: Up, shim_library: Path, clock_library: Path, tmp_path: Path, fault_file: Path, disk: Path) -> Pipeline:
    """A pipeline on the software webcam, before which somebody walks now and then, with a clock that can be set."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(WALKING_PICTURES + EMPTY_PICTURES):
        there = number / 60 if number < WALKING_PICTURES else None
        with io.BytesIO() as file:
            Image.fromarray(picture(there)).convert("RGB").resize((640, 480)).save(file, "JPEG", quality=85)
            (folder / f"{number:03}.jpg").write_bytes(file.getvalue())
    return up(
        # The cache of stills is full soon: as large as it is by default, it would grow for the first forty minutes.
        f'{SHIM_CAMERA}[snapshot]\ncache_mb = 1\n[recorder]\nfolder = "{disk}/recordings"\nleave_free_gb = 0\n',
        environment={
            "LD_PRELOAD": f"{shim_library}:{clock_library}",
            "CLOCKSHIM_FILE": str(fault_file.with_name("offset")),
            "V4L2SHIM_DEV": DEVICE,
            "V4L2SHIM_DIR": str(folder),
            "V4L2SHIM_FPS": os.environ.get("FRAMEBUS_FAULTS_FPS", "30"),
            "V4L2SHIM_FAULT": str(fault_file),
        },
    )


@pytest.mark.timeout(int(MINUTES * 60) + 300)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # clients thrown out in a handshake
def test_nothing_grows(walked: Pipeline, fault_file: Path, watch: Watched, disk: Path) -> None:
    faults = watch(walked)
    readings: list[Reading] = []
    folder = disk / "recordings"
    recorded: set[str] = set()
    events: set[str] = set()
    often, seldom = itertools.cycle(OFTEN), itertools.cycle(SELDOM)
    began = time.monotonic()
    with closing(Crowd(walked.config, VIEWERS)) as crowd:
        for number in itertools.count(1):
            until = began + number * FAULT_EVERY_SECONDS
            if until > began + MINUTES * 60:
                break
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, READ_EVERY_SECONDS))
                readings += (newest := read(walked.processes()))
            recorded |= {segment.path.name for segment in RecordingFolder(folder).segments("front")}
            events |= {event.id for event in EventFolder(folder).events("front", 0, math.inf)}
            show((time.monotonic() - began) / 60, newest, crowd.visits)
            name, fault, within = next(seldom if number % SELDOM_EVERY == 0 else often)
            with faults.during(name, within):
                fault(walked, faults, fault_file)
            assert crowd.mistakes == []
    gc.collect()  # here, where pytest leaves the sockets of those who were thrown out in a handshake uncounted
    worst = max(row.seconds for row in faults.rows)
    print(f"{len(faults.rows)} faults, the slowest whole after {worst:.1f} s")
    print(f"{crowd.visits} visits, {crowd.pictures} pictures")
    print(f"{len(recorded)} segments, {len(events)} events")
    assert recorded
    assert events
    assert growth(readings) == []
