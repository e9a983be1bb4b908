"""The pipeline's own processes are killed and stopped."""

import os
import resource
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.conftest import Configure, Start
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.conftest import STALL_SECONDS, WHOLE_SECONDS, Watched
from tests.e2e.faults.consumers import wait_for_pictures
from tests.processes import wait_until

PARTS = {"capture": "capture front", "gateway": "gateway", "snapshot": "snapshot"}
STOPPED_SECONDS = 20


@pytest.mark.parametrize(
    ("part", "keeps"), [("capture", "mjpeg page zeromq"), ("gateway", "zeromq"), ("snapshot", "mjpeg page zeromq")]
)
def test_kill_9(part: str, keeps: str, pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    with faults.during(f"kill -9 {part}", keeps=keeps):
        pipeline.kill(PARTS[part])


def test_kill_9_of_all_at_once(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    with faults.during("kill -9 of capture, gateway and snapshot", keeps="zeromq"):
        for part in PARTS.values():
            pipeline.kill(part)


def test_kill_9_three_times_in_a_row(pipeline: Pipeline, watch: Watched) -> None:
    """From the second crash on, the launcher waits: 1 s, 2 s, 4 s, and at most 30 s."""
    faults = watch(pipeline)
    with faults.during("kill -9 of capture, 3 times", keeps="mjpeg page zeromq"):
        for _ in range(3):
            wait_until(lambda: PARTS["capture"] in pipeline.processes(), "another capture")
            pipeline.kill(PARTS["capture"])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", PARTS)
def test_stopped_and_continued(part: str, pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    pid = pipeline.processes()[PARTS[part]]
    with faults.during(f"SIGSTOP of {part} for {STOPPED_SECONDS} s"):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        os.kill(pid, signal.SIGCONT)


def test_supervisord_is_started_again(up: Up, configure: Configure, start: Start, watch: Watched) -> None:
    pipeline = up()
    faults = watch(pipeline)
    with faults.during("supervisord ended and started again", keeps="zeromq"):
        pipeline.up.terminate()
        wait_until(pipeline.is_gone, "the end of everything")
        pipeline.up = start("framebus", "up", config=pipeline.config)
        wait_until(lambda: pipeline.is_whole(), "a whole pipeline")


def test_supervisord_is_killed(up: Up, start: Start, watch: Watched) -> None:
    pipeline = up()
    faults = watch(pipeline)
    with faults.during("kill -9 of supervisord, started again", keeps="zeromq"):
        pipeline.kill("supervisord")
        wait_until(pipeline.is_gone, "the end of everything")
        pipeline.up = start("framebus", "up", config=pipeline.config)
        wait_until(lambda: pipeline.is_whole(), "a whole pipeline")


def test_the_run_dir_is_deleted(pipeline: Pipeline, watch: Watched) -> None:
    """Nobody can find anybody any more, though all run: capture and snapshot notice, and are started in a new one."""
    faults = watch(pipeline)
    with faults.during("run_dir deleted", within=STALL_SECONDS):
        for file in pipeline.config.run_dir.iterdir():
            if file != pipeline.config.path and not file.is_dir():
                file.unlink()
        wait_until(lambda: pipeline.up.log.count("was deleted, or emptied") >= 2, "capture and snapshot notice")


def test_descriptors_run_out(pipeline: Pipeline, watch: Watched) -> None:
    """Those who watch go on; who comes is let in again when there is room."""
    faults = watch(pipeline)
    gateway = pipeline.processes()["gateway"]
    open_now = len(list(Path(f"/proc/{gateway}/fd").iterdir()))
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    soft, hard = resource.prlimit(gateway, resource.RLIMIT_NOFILE)
    with faults.during("no descriptor left in the gateway for 3 s", keeps="mjpeg page zeromq"):
        resource.prlimit(gateway, resource.RLIMIT_NOFILE, (open_now + 3, hard))
        crowd = [socket.create_connection(address) for _ in range(60)]
        time.sleep(3)
        for connection in crowd:
            connection.close()
        resource.prlimit(gateway, resource.RLIMIT_NOFILE, (soft, hard))


def test_viewers_that_never_read(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    with faults.during("300 viewers that never read", keeps="mjpeg page zeromq"):
        crowd = [socket.create_connection(address) for _ in range(300)]
        for connection in crowd:
            connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(3)
        wait_for_pictures(faults.consumers, time.time(), WHOLE_SECONDS)
        for connection in crowd:
            connection.close()


def test_a_thousand_connections_a_second(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    address = (pipeline.config.gateway.listen.host, pipeline.config.gateway.listen.port)
    with faults.during("connects and disconnects, as many as can be, for 5 s", keeps="mjpeg page zeromq"):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            socket.create_connection(address).close()
