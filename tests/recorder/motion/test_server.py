"""The process that looks for motion, with a real camera process: events come, once, and end; it may be restarted."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from framebus import EventHeader, EventSubscriber, Publisher
from framebus.config.camera import CameraConfig
from framebus.config.load import Config
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.publishing.subscription_limit import MAX_SUBSCRIPTIONS_AT_ONCE
from framebus.runtime.run_dir import events_endpoint, frames_endpoint
from recorder.motion.server import MotionServer, kind
from tests.conftest import Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.conftest import publish as publish
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.motion.walker import jpeg
from tests.slow_lookup import slow_lookup

CAMERA = '[camera.front]\nsource = "program"\nmotion = true\n'
FPS = 10
LEARNING_SECONDS = 5.0


class Walking:
    """A camera in front of which somebody walks to and fro while `walks` is set. Closed by its maker."""

    def __init__(self, config: Config, orientation: int = 1) -> None:
        self.walks = False
        self._ends = False
        self._pictures = {step: jpeg(step / 60, orientation) for step in range(51)}
        self._empty = jpeg(None, orientation)
        self._publisher = Publisher("front", config=config.path)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        step, direction = 0, 1
        while not self._ends:
            self._publisher.publish(self._pictures[step] if self.walks else self._empty)
            if self.walks:
                direction = {0: 1, 50: -1}.get(step, direction)
                step += direction
            time.sleep(1 / FPS)

    def close(self) -> None:
        """Stop publishing."""
        self._ends = True
        self._thread.join()
        self._publisher.close()


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(CAMERA)


@pytest.fixture
def walking(config: Config) -> Iterator[Walking]:
    camera = Walking(config)
    yield camera
    camera.close()


def until(subscriber: EventSubscriber, phase: str) -> list[EventHeader]:
    """The messages up to one of this phase."""
    seen = [subscriber.receive(4 * DEADLINE_SECONDS)]
    while seen[-1].phase != phase:
        seen.append(subscriber.receive(4 * DEADLINE_SECONDS))
    return seen


@pytest.mark.slow
def test_who_walks_makes_an_event_with_a_start_updates_and_an_end(
    config: Config, walking: Walking, start: Start
) -> None:
    running = start("recorder.motion", config=config)
    running.wait_for(f"publishes the motion of front at ipc://{config.run_dir}/events")
    with EventSubscriber("front", config=config.path) as subscriber:
        time.sleep(LEARNING_SECONDS)
        walking.walks = True
        begun = time.monotonic()
        started = subscriber.receive(4 * DEADLINE_SECONDS)
        time.sleep(2.5)
        walking.walks = False
        rest = until(subscriber, "end")

    assert (started.phase, started.camera, started.type) == ("start", "front", "motion")
    assert started.monotonic >= begun - 0.2
    assert started.score >= 0.5
    assert [event.phase for event in rest[:-1]] == ["update"] * (len(rest) - 1)
    assert len(rest) > 3
    assert {event.id for event in rest} == {started.id}
    assert rest[-1].seq > started.seq
    assert rest[-1].score >= started.score
    assert 1 < rest[-1].seconds < 30
    assert running.terminate() == 0


@pytest.mark.slow
def test_a_late_subscriber_gets_the_event_in_progress_and_a_killed_process_ends_it(
    config: Config, walking: Walking, start: Start
) -> None:
    running = start("recorder.motion", config=config)
    with EventSubscriber("front", config=config.path) as first:
        time.sleep(LEARNING_SECONDS)
        walking.walks = True
        started = first.receive(4 * DEADLINE_SECONDS)
        with EventSubscriber(config=config.path) as late:
            assert late.receive(DEADLINE_SECONDS).id == started.id
        os.kill(running.pid, signal.SIGKILL)
        walking.walks = False
        killed = until(first, "end")
        assert killed[-1].id == started.id
        start("recorder.motion", config=config)
        time.sleep(LEARNING_SECONDS + 2)
        walking.walks = True
        assert first.receive(4 * DEADLINE_SECONDS).id != started.id


@pytest.mark.slow
def test_it_ends_an_event_when_it_ends_itself(config: Config, walking: Walking, start: Start) -> None:
    running = start("recorder.motion", config=config)
    with EventSubscriber("front", config=config.path) as subscriber:
        time.sleep(LEARNING_SECONDS)
        walking.walks = True
        seen = until(subscriber, "start")
        assert running.terminate() == 0
        seen += until(subscriber, "end")
        assert seen[-1].published > seen[-2].published  # a message of its own, and not one made of the silence


def test_a_flood_of_subscriptions_delays_neither_events_nor_the_end(run_dir: Path) -> None:
    server = MotionServer({}, {}, run_dir, None)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    flood = context.socket(zmq.XSUB)
    try:
        flood.connect(events_endpoint(run_dir))
        for _ in range(3 * MAX_SUBSCRIPTIONS_AT_ONCE):
            flood.send(b"\x01event/")
        flood.send(b"\x01last")

        def arrived() -> int:
            server._publisher.socket.send(b"last")
            return flood.poll(10)

        wait_until(arrived, "all subscriptions arrive")
        waited = []
        for _ in range(4):
            waited.append(bool(server._publisher.socket.poll(0)))
            server._greet(0.0)
        assert waited == [True] * 4
        assert not server._publisher.socket.poll(0)
    finally:
        context.destroy(linger=0)
        server.close()


@pytest.mark.slow
def test_a_host_name_that_is_looked_up_for_long_delays_no_other_camera(
    configure: Configure, start: Start, publish: Publish, tmp_path: Path
) -> None:
    far = '[camera.far]\nconnect = "tcp://slow.example:5555"\ninsecure_tcp = true\nmotion = true\n'
    config = configure(far + CAMERA)
    front = publish(frames_endpoint(config.run_dir, "front"))
    start("recorder.motion", config=config, environment=slow_lookup(tmp_path))
    assert front.subscription() == b"\x01peek/front\n"


@pytest.mark.slow
def test_there_is_one_process(config: Config, start: Start) -> None:
    first = start("recorder.motion", config=config)
    first.wait_for("publishes the motion of")

    second = start("recorder.motion", config=config)

    assert second.ended() == 1
    assert f"motion detection already runs as process {first.pid} with run_dir {config.run_dir}" in second.log


@pytest.mark.slow
def test_without_a_camera_it_says_what_to_set(configure: Configure, start: Start) -> None:
    running = start("recorder.motion", config=configure())

    assert running.ended() == 1
    assert "no camera has motion detection; set motion = true in the table of one" in running.log


@pytest.mark.slow
def test_without_numpy_it_says_what_to_install(config: Config, start: Start, tmp_path: "os.PathLike[str]") -> None:
    package = os.path.join(tmp_path, "numpy.py")
    with open(package, "w") as file:
        file.write("raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", os.getcwd())])

    running = start("recorder.motion", config=config, environment={"PYTHONPATH": path})

    assert running.ended() == 1
    assert "motion detection needs numpy, which is not installed; run: " in running.log


def test_of_another_machine_small_frames_are_enough() -> None:
    far = CameraConfig(connect=TcpEndpoint.parse("tcp://10.0.0.7:5555"))

    assert [kind(CameraConfig()), kind(far)] == ["peek", "quarter"]
