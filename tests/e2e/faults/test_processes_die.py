"""The pipeline's own processes are killed and stopped."""

import os
import signal
import time

import pytest

from tests.conftest import Configure, Start
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.conftest import Watched
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


@pytest.mark.timeout(240)
def test_kill_9_twenty_times_in_a_row(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    with faults.during("kill -9 of capture, 20 times", keeps="mjpeg page zeromq"):
        for _ in range(20):
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


def test_supervisord_is_started_anew(up: Up, configure: Configure, start: Start, watch: Watched) -> None:
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
