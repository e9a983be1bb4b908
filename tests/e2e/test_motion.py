"""Motion in a whole pipeline: somebody walks, and the recording has each frame from the pre-roll to the post-roll."""

import threading
import time
from pathlib import Path

import pytest

from framebus import EventHeader, EventSubscriber, Frame, Subscriber, request_recorder
from framebus.recordings.folder import RecordingFolder
from tests.conftest import Configure, Start
from tests.e2e.conftest import STRICT, Pipeline
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.motion.test_server import LEARNING_SECONDS, Walking

PRE_ROLL, POST_ROLL = 2.0, 2.0
TABLES = """
[camera.front]
source = "program"
motion = true
record = "motion"
pre_roll = 2
post_roll = 2
[recorder]
folder = "{folder}"
leave_free_gb = 0
"""
WALK_SECONDS = 3.0
QUEUE = 2000


class Watching:
    """All frames of the camera, as a program gets them. Closed by its maker."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.frames: list[Frame] = []
        self._subscriber = Subscriber("front", config=pipeline.config.path, queue=QUEUE, timeout=0.2)
        self._ends = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends:
            try:
                self.frames.append(self._subscriber.receive())
            except TimeoutError:
                continue

    def close(self) -> None:
        """Take no more."""
        self._ends = True
        self._thread.join()
        self._subscriber.close()


@pytest.mark.slow
def test_who_walks_is_recorded_to_the_frame_and_no_viewer_loses_one(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    config = configure(TABLES.format(folder=tmp_path / "recordings"))
    walking = Walking(config)
    pipeline = Pipeline(config, start("framebus", "up", config=config, environment=STRICT))
    watching = None
    try:
        pipeline.wait_until_whole()
        watching = Watching(pipeline)
        with EventSubscriber("front", config=config.path, timeout=4 * DEADLINE_SECONDS) as subscriber:
            time.sleep(LEARNING_SECONDS)
            walking.walks = True
            events = [subscriber.receive()]
            time.sleep(WALK_SECONDS)
            walking.walks = False
            while not is_over(pipeline, events):
                try:
                    events.append(subscriber.receive(0.2))
                except TimeoutError:
                    continue
        pipeline.kill("recorder.motion")
        wait_until(lambda: "recorder.motion" in pipeline.processes(), "it is back")
    finally:
        walking.close()
        if watching is not None:
            watching.close()
        pipeline.up.terminate()

    recorded = [frame.header.seq for frame in RecordingFolder(tmp_path / "recordings").frames("front", 0)]
    wanted = [frame.seq for frame in watching.frames if is_wanted(frame, events)]
    assert recorded[: len(wanted)] == wanted  # an event ends after three seconds without motion: more may be recorded
    assert recorded == list(range(recorded[0], recorded[-1] + 1))
    assert watching.frames[0].seq < recorded[0] < events[0].seq
    assert sum(frame.missed for frame in watching.frames) == 0


def is_over(pipeline: Pipeline, events: list[EventHeader]) -> bool:
    """Whether each event has ended, and its recording, too."""
    begun, ended = ({event.id for event in events if event.phase == phase} for phase in ("start", "end"))
    return begun == ended and request_recorder("front", config=pipeline.config.path).state == "waiting"


def is_wanted(frame: Frame, events: list[EventHeader]) -> bool:
    """Whether a frame is from one of the events, or from shortly before or after it."""
    begun = {event.id: event.monotonic - PRE_ROLL for event in events if event.phase == "start"}
    ended = {event.id: event.monotonic + POST_ROLL for event in events if event.phase == "end"}
    return any(begun[name] <= frame.monotonic <= ended[name] for name in begun)
