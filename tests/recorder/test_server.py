"""The process: real sockets, real frames, real files."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus.config.load import Config
from framebus.protocol.events import EventHeader
from framebus.protocol.wire import pack
from framebus.recordings.event_folder import EventFolder
from framebus.recordings.folder import RecordingFolder
from framebus.recordings.segment_reader import SegmentReader
from framebus.runtime.run_dir import events_endpoint, frames_endpoint
from tests.conftest import Configure, Start
from tests.framebus.golden.make import EVENT
from tests.framebus.publisher import Publisher
from tests.processes import Running, wait_until

pytestmark = pytest.mark.slow

CAMERA = '[camera.front]\nsource = "program"\nmotion = true\nrecord_fps = 240\n'


def wait_subscribed(publisher: Publisher, topic: bytes) -> None:
    """Wait for a subscription; those that end before it do not count."""
    while publisher.subscription() != b"\x01" + topic:
        pass


class Recorder:
    """A recorder with a publisher of frames and one of events, in the test's hands."""

    def __init__(self, config: Config, start: Start) -> None:
        self.config = config
        self.folder = RecordingFolder(Path(config.recorder.folder or ""))
        self.frames = Publisher(frames_endpoint(config.run_dir, "front"))
        self.events = Publisher(events_endpoint(config.run_dir))
        self._start = start
        self.seq = 0
        self._requests: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.process = self.run()

    def run(self) -> Running:
        process = self._start("recorder", config=self.config)
        process.wait_for("records front to")
        if self.config.cameras["front"].has_motion:
            wait_subscribed(self.events, b"event/")
        return process

    def send(self, amount: int = 1, begin: float | None = None) -> list[int]:
        """Publish frames that were captured now, or every tenth of a second from `begin`; returns their numbers."""
        sent = []
        for number in range(amount):
            self.seq += 1
            at = time.monotonic() if begin is None else begin + number / 10
            self.frames.send(self.seq, monotonic=at, captured=round(time.time() - time.monotonic() + at, 6))
            sent.append(self.seq)
            time.sleep(0.004)
        return sent

    def event(self, phase: str, **changes: Any) -> EventHeader:
        now = time.monotonic()
        fields = {"monotonic": now, "published": now, "seconds": 0.0, "phase": phase, **changes}
        header = EventHeader(**{**{name: getattr(EVENT, name) for name in EVENT.__struct_fields__}, **fields})
        self.events.send_message(pack("event", "front", header))
        return header

    def ask(self, **request: Any) -> dict[str, Any]:
        with self._requests.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.connect(f"ipc://{self.config.run_dir}/recorder")
            socket.send(json.dumps({"camera": "front", **request}).encode())
            assert socket.poll(15000)
            kind, header, body = socket.recv().split(b"\n", 2)
            assert body == b""
            return {"kind": kind.decode(), **json.loads(header)}

    def recorded(self) -> list[int]:
        """The numbers of the frames on the disk."""
        return [frame.header.seq for frame in self.folder.frames("front", 0)]

    def close(self) -> None:
        self.frames.close()
        self.events.close()
        self._requests.destroy()


@pytest.fixture
def recorder(configure: Configure, start: Start, tmp_path: Path) -> Iterator[Callable[..., Recorder]]:
    made: list[Recorder] = []

    def run(tables: str, settings: str = "", camera: str = CAMERA) -> Recorder:
        own = f'[recorder]\nfolder = "{tmp_path}/recordings"\nleave_free_gb = 0\n{settings}'
        made.append(Recorder(configure(f"{camera}{tables}\n{own}"), start))
        return made[-1]

    yield run
    for one in made:
        one.close()


def test_always_records_every_frame_in_order(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"')
    assert made.frames.subscription() == b"\x01live/front\n"
    sent = made.send(200)
    wait_until(lambda: made.recorded() == sent, "all frames are recorded")

    def recording() -> dict[str, Any] | None:
        """The answer while frames arrive: on a busy machine, the camera may have been silent for too long before."""
        sent.extend(made.send(1))
        state = made.ask()
        return state if state["state"] == "recording" else None

    wait_until(recording, "it records")
    wait_until(lambda: made.recorded() == sent, "those are recorded, too")
    state = made.ask()
    assert (state["kind"], state["frames"], state["missed"], state["dropped"]) == ("recorder/front", len(sent), 0, 0)
    assert made.process.terminate() == 0
    (segment,) = made.folder.segments("front")
    assert not segment.is_open


def test_a_kill_costs_less_than_a_second(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"')
    made.frames.subscription()
    began = time.monotonic()
    while time.monotonic() - began < 3:
        made.send(5)
    sent_at = time.monotonic()
    made.process.process.kill()
    made.process.process.wait()

    frames = list(made.folder.frames("front", 0))
    assert [frame.header.seq for frame in frames] == list(range(1, len(frames) + 1))
    assert sent_at - frames[-1].header.monotonic < 10  # 1 s, on a machine that is not busy with other tests

    made.run()
    wait_subscribed(made.frames, b"live/front\n")
    more = made.send(50)
    wait_until(lambda: made.recorded()[len(frames) :] == more, "it records again")
    wait_until(lambda: not made.folder.segments("front")[0].is_open, "the cut segment has its length")


def test_motion_records_the_pre_roll_the_motion_and_the_post_roll(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "motion"\npre_roll = 3\npost_roll = 2')
    assert made.frames.subscription() == b"\x01live/front\n"  # the pre-roll takes all frames
    began = time.monotonic() - 30
    made.send(20, began)
    before = made.send(20, began + 10)
    event = made.event("start", monotonic=began + 12)
    during = made.send(20, began + 12)
    wait_until(lambda: len(made.recorded()) >= 40, "the motion is recorded")
    made.event("end", id=event.id, monotonic=began + 13.9)
    wait_until(lambda: made.ask()["frames"] == 40, "the end is known")
    after = made.send(15, began + 14)
    made.send(10, began + 16)
    wait_until(lambda: made.ask()["state"] == "waiting", "the recording is over")
    made.process.terminate()

    assert made.recorded() == [*before, *during, *after]
    (stored,) = EventFolder(made.folder.folder).events("front", 0.0, float("inf"))
    assert (stored.id, stored.type, stored.end) == (event.id, "motion", EVENT.captured)


def test_without_a_pre_roll_no_frames_are_asked_for_until_something_moves(
    recorder: Callable[..., Recorder],
) -> None:
    made = recorder('record = "motion"\npre_roll = 0\npost_roll = 60')
    made.send(5)
    assert not made.frames.is_heard()
    made.event("start")
    assert made.frames.subscription() == b"\x01live/front\n"
    sent = made.send(5)

    wait_until(lambda: made.recorded() == sent, "the motion is recorded")


def test_a_requested_recording_says_so_from_its_pre_roll_on(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = ["always", "motion"]\npre_roll = 3', camera=CAMERA.replace("240", "2"))
    assert made.frames.subscription() == b"\x01live/front\n"
    began = time.monotonic() - 30
    made.send(40, began)
    made.ask(action="start", seconds=600)
    last = made.send(5, began + 4)[-1]
    wait_until(lambda: last in made.recorded(), "it is recorded")
    made.process.terminate()
    reasons = []
    for segment in made.folder.stored("front"):
        with SegmentReader(segment.path) as reader:
            reasons.append(reader.info.reason)
    assert sorted(reasons) == ["always", "on-demand"]


def test_on_demand_records_from_start_to_stop(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "on-demand"')
    made.send(5)
    assert made.ask()["state"] == "waiting"
    state = made.ask(action="start", seconds=600)
    assert (state["state"], state["demanded"]) == ("recording", True)
    assert 590 < state["seconds_left"] <= 600
    assert made.frames.subscription() == b"\x01live/front\n"
    sent = made.send(30)
    wait_until(lambda: made.recorded() == sent, "the frames are recorded")
    assert made.ask(action="stop")["demanded"] is False
    assert made.frames.subscription() == b"\x00live/front\n"

    begin = made.folder.spans("front")[0].begin
    made.ask(action="keep", begin=begin, end=begin + 1)
    wait_until(lambda: made.folder.spans("front")[0].keep, "what was recorded is kept")


def test_what_is_refused(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"\n[camera.back]\nsource = "program"')

    assert made.ask(camera="attic")["message"] == "there is no camera attic; there is front, back"
    refused = made.ask(camera="back", action="start")
    assert (refused["kind"], refused["code"]) == ("error/back", "off")
    assert refused["message"] == "camera back is not recorded; set record in [camera.back]"
    assert made.ask(camera="back")["state"] == "off"
    assert made.ask(speed=2)["code"] == "bad-request"


def test_it_says_that_no_frames_come(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"')

    wait_until(lambda: made.ask()["state"] == "waiting", "the silence is noticed")
    assert made.ask()["reason"] == "camera front gives no frames"


def test_a_folder_that_is_removed_costs_a_second(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"')
    made.frames.subscription()
    sent = made.send(20)
    wait_until(lambda: made.recorded() == sent, "it records")
    moved = made.folder.folder.rename(made.folder.folder.with_name("moved"))
    more = made.send(20)
    wait_until(lambda: made.recorded() == more, "it records into a new folder")

    assert [frame.header.seq for frame in RecordingFolder(moved).frames("front", 0)] == sent
    assert made.ask()["dropped"] == 0


def test_a_disk_that_takes_nothing_stops_no_frame_and_is_named(
    recorder: Callable[..., Recorder], tmp_path: Path
) -> None:
    (tmp_path / "recordings").touch()
    made = recorder('record = "always"')
    made.frames.subscription()
    made.send(20)
    wait_until(lambda: made.ask()["state"] == "failed", "the failure is noticed")
    assert made.ask()["reason"] == f"cannot write to {tmp_path}/recordings: File exists"
    (tmp_path / "recordings").unlink()
    wait_until(lambda: made.send() and made.ask()["state"] == "recording" and made.recorded(), "it records again")


def test_there_is_one_recorder(recorder: Callable[..., Recorder], start: Start) -> None:
    made = recorder('record = "always"')
    other = start("recorder", config=made.config)

    assert other.ended() == 1
    assert "recorder service already runs as process" in other.log


def test_a_requested_recording_goes_on_after_a_restart(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "on-demand"')
    made.ask(action="start", seconds=600)
    assert made.frames.subscription() == b"\x01live/front\n"
    made.process.process.kill()
    made.process.process.wait()
    made.process = made.run()

    state = made.ask()
    assert (state["demanded"], state["state"]) == (True, "recording")
    assert 0 < state["seconds_left"] < 600
    wait_subscribed(made.frames, b"live/front\n")
    sent = made.send(5)
    wait_until(lambda: made.recorded() == sent, "the frames are recorded")
    made.ask(action="stop")
    assert made.process.terminate() == 0
    made.process = made.run()
    assert made.ask()["demanded"] is False


def test_without_motion_detection_nobody_waits_for_events(recorder: Callable[..., Recorder]) -> None:
    made = recorder('record = "always"', camera=CAMERA.replace("motion = true\n", ""))
    assert made.frames.subscription() == b"\x01live/front\n"
    sent = made.send(5)
    wait_until(lambda: made.recorded() == sent, "the frames are recorded")
    assert not made.events.is_heard()
