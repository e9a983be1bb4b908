"""`make soak MINUTES=n`: the pipeline for a long time, with viewers who come and go and a fault every half minute.

It fails when a fault is not recovered from, when somebody gets what is no whole picture, and when a process grows.
"""

import itertools
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zmq

from framebus.runtime.run_dir import control_endpoint, frames_endpoint, snapshot_endpoint
from tests.e2e.conftest import Pipeline
from tests.e2e.faults.conftest import STALL_SECONDS, WHOLE_SECONDS, Faults, Watched
from tests.e2e.faults.crowd import Crowd
from tests.e2e.faults.growth import Reading, growth, read
from tests.e2e.faults.test_hostile_peers import noise, sockets
from tests.processes import wait_until

MINUTES = float(os.environ.get("FRAMEBUS_SOAK_MINUTES", "0"))
FAULT_EVERY_SECONDS = 30.0
READ_EVERY_SECONDS = 15.0
VIEWERS = 17
"""Beside the three that stay all the time."""

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


@pytest.mark.timeout(int(MINUTES * 60) + 300)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # clients thrown out in a handshake
def test_nothing_grows(webcam: Pipeline, fault_file: Path, watch: Watched) -> None:
    faults = watch(webcam)
    readings: list[Reading] = []
    often, seldom = itertools.cycle(OFTEN), itertools.cycle(SELDOM)
    began = time.monotonic()
    with closing(Crowd(webcam.config, VIEWERS)) as crowd:
        for number in itertools.count(1):
            until = began + number * FAULT_EVERY_SECONDS
            if until > began + MINUTES * 60:
                break
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, READ_EVERY_SECONDS))
                readings += (newest := read(webcam.processes()))
            show((time.monotonic() - began) / 60, newest, crowd.visits)
            name, fault, within = next(seldom if number % SELDOM_EVERY == 0 else often)
            with faults.during(name, within):
                fault(webcam, faults, fault_file)
            assert crowd.mistakes == []
    worst = max(row.seconds for row in faults.rows)
    print(f"{len(faults.rows)} faults, the slowest whole after {worst:.1f} s")
    print(f"{crowd.visits} visits, {crowd.pictures} pictures")
    assert growth(readings) == []
