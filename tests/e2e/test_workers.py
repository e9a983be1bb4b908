"""Two workers of the gateway on one port under a real supervisord."""

import contextlib
import re
import socket
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Pipeline, Up
from tests.processes import wait_until

TESTCARD = '[camera.front]\nsource = "testcard"\nsize = "64x48"\nfps = 10\n'
SECOND = "gateway --worker 1"
REQUESTS = 12
"""So many, each on a connection of its own, are hardly ever all dealt to the same of two workers."""
MOST_VIEWERS = 60


class Viewer:
    """Reads an MJPEG stream."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Returns when the first picture is there."""
        listen = pipeline.config.gateway.listen
        self._socket = socket.create_connection((listen.host, listen.port), timeout=10)
        self._socket.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: x\r\n\r\n")
        self._file = self._socket.makefile("rb")
        assert self.sees_a_picture_after(0)

    def sees_a_picture_after(self, moment: float) -> bool:
        """Read on to a picture captured after the moment, in Unix seconds; False when the connection ends first."""
        with contextlib.suppress(ConnectionResetError):
            for line in self._file:
                found = re.fullmatch(rb"X-Timestamp: ([0-9.]+)\r\n", line)
                if found and float(found[1]) > moment:
                    return True
        return False

    def close(self) -> None:
        """Leave."""
        self._file.close()
        self._socket.close()


@pytest.fixture
def viewers() -> Iterator[list[Viewer]]:
    """Closed at the end of the test."""
    made: list[Viewer] = []
    yield made
    for viewer in made:
        viewer.close()


@pytest.fixture
def pipeline(up: Up) -> Pipeline:
    return up(TESTCARD, gateway="workers = 2")


TOLD_SECONDS = 0.2
"""What a worker takes to tell the other one of a viewer, and more."""


def metrics(pipeline: Pipeline) -> dict[str, float]:
    """Each sample of /metrics by its name and labels."""
    with urllib.request.urlopen(f"{pipeline.url}/metrics", timeout=5) as answer:
        samples = re.findall(r"^(framebus\S+) (\S+)$", answer.read().decode(), flags=re.M)
    return {name: float(value) for name, value in samples}


def says(pipeline: Pipeline, viewers: int) -> bool:
    """Whether both paths say so, whichever worker answers."""
    return all(
        pipeline.cameras()[0]["viewers"] == metrics(pipeline)['framebus_camera_viewers{camera="front"}'] == viewers
        for _ in range(REQUESTS)
    )


def watch_through_both(pipeline: Pipeline, viewers: list[Viewer]) -> None:
    """Add viewers until each worker has sent pictures since it started."""

    def both_have_sent() -> bool:
        found = metrics(pipeline)
        return all(found.get(f'framebus_camera_frames_sent_total{{camera="front",worker="{k}"}}') for k in (0, 1))

    while not both_have_sent():
        assert len(viewers) < MOST_VIEWERS, "one worker gets no connections"
        viewers.append(Viewer(pipeline))
        time.sleep(TOLD_SECONDS)


def test_viewers_of_both_are_added_up_whichever_answers(pipeline: Pipeline, viewers: list[Viewer]) -> None:
    watch_through_both(pipeline, viewers)
    wait_until(lambda: says(pipeline, len(viewers)), f"{len(viewers)} viewers")
    while viewers:
        viewers.pop().close()
    wait_until(lambda: says(pipeline, 0), "no viewers")
    pipeline.up.wait_for(f"camera front is there: open {pipeline.url}/")
    assert pipeline.up.log.count("open http") == 1


def test_when_one_is_killed_the_other_serves_on_and_it_comes_back(pipeline: Pipeline, viewers: list[Viewer]) -> None:
    watch_through_both(pipeline, viewers)
    killed = pipeline.kill(SECOND)
    killed_at = time.time()  # who gets a picture that was taken later has the other one

    cut_off = [viewer for viewer in viewers if not viewer.sees_a_picture_after(killed_at)]
    assert 0 < len(cut_off) < len(viewers)
    for viewer in cut_off:
        viewers.remove(viewer)
        viewer.close()
    wait_until(lambda: pipeline.processes().get(SECOND, killed) != killed, "another second worker")
    pipeline.wait_until_whole()
    wait_until(lambda: says(pipeline, len(viewers)), f"{len(viewers)} viewers")

    watch_through_both(pipeline, viewers)
    wait_until(lambda: says(pipeline, len(viewers)), f"{len(viewers)} viewers")
    assert "Traceback" not in pipeline.up.log


def test_sigterm_leaves_nothing_alive(pipeline: Pipeline) -> None:
    assert len(pipeline.processes()) == 5
    assert pipeline.up.terminate() == 0
    assert pipeline.processes() == {}
    assert "Traceback" not in pipeline.up.log
