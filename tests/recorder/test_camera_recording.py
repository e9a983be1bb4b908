"""Which frames are recorded: exact to one frame, once each, in order."""

from itertools import pairwise
from typing import Any, Literal

import msgspec
import pytest

from framebus.config.camera import CameraConfig
from framebus.protocol.events import EventHeader
from recorder.camera_recording import CameraRecording
from recorder.motion.tracks import WINDOW_SECONDS
from tests.framebus.golden.make import EVENT
from tests.framebus.recordings.segments import MONOTONIC
from tests.recorder.frames import frame, times

NOW = 100.0


def recording(*modes: str, **settings: Any) -> CameraRecording:
    return CameraRecording(msgspec.convert({"record": list(modes), "motion": True, **settings}, CameraConfig))


def event(phase: Literal["start", "update", "end"], ms: int, id: str = "a", seconds: float = 0.0) -> EventHeader:
    return msgspec.structs.replace(EVENT, phase=phase, id=id, monotonic=MONOTONIC + ms / 1000, seconds=seconds)


def feed(camera: CameraRecording, *times_ms: int) -> list[tuple[int, str]]:
    """What is recorded of these frames, and why."""
    found = [(ms, camera.on_frame(frame(ms), NOW)) for ms in times_ms]
    return [(ms, reason) for ms, reason in found if reason is not None]


def every(period_ms: int, begin: int, end: int) -> list[int]:
    return list(range(begin, end, period_ms))


def test_always_is_thinned_to_its_rate() -> None:
    camera = recording("always", record_fps=10)

    recorded = [ms for ms, _ in feed(camera, *every(33, 0, 9_990))]

    assert len(recorded) == 100
    assert all(66 <= other - one <= 132 for one, other in pairwise(recorded))
    assert camera.needs_frames(NOW)


def test_at_the_rate_of_the_camera_every_frame_is_recorded() -> None:
    hurried = [0, 1, 2, 300, 301]

    assert [ms for ms, _ in feed(recording("always", record_fps=10, fps=10), *hurried)] == hurried


def test_without_events_nothing_is_recorded() -> None:
    camera = recording("motion")

    assert feed(camera, *every(100, 0, 5000)) == []


def test_the_pre_roll_is_exact_to_one_frame_while_the_recording_starts() -> None:
    camera = recording("motion", pre_roll=2, post_roll=1)
    assert feed(camera, *every(100, 0, 5500)) == []

    before = camera.on_event(event("start", 5000))

    assert times(before) == every(100, 3000, 5500)
    assert feed(camera, 5500, 5600) == [(5500, "motion"), (5600, "motion")]
    assert camera.on_event(event("end", 5600)) == []
    assert feed(camera, 6600, 6601, 6700) == [(6600, "motion")]
    assert not camera.is_active(NOW)


def test_an_event_that_is_known_late_counts_from_its_first_frame() -> None:
    camera = recording("motion", pre_roll=1)
    feed(camera, *every(100, 0, 3000))

    assert times(camera.on_event(event("update", 2900, seconds=0.9))) == every(100, 1000, 3000)
    assert camera.on_event(event("update", 3000, seconds=1.0)) == []


def test_events_whose_recordings_touch_become_one() -> None:
    camera = recording("motion", pre_roll=2, post_roll=1)
    feed(camera, *every(100, 0, 3000))
    camera.on_event(event("start", 2900))
    feed(camera, *every(100, 3000, 4000))
    camera.on_event(event("end", 3900))
    assert [ms for ms, _ in feed(camera, *every(100, 4000, 6000))] == every(100, 4000, 5000)

    assert times(camera.on_event(event("start", 5900, "b"))) == every(100, 5000, 6000)


def test_an_event_lasts_while_another_one_does() -> None:
    camera = recording("motion", pre_roll=0, post_roll=0)
    camera.on_event(event("start", 0, "a"))
    camera.on_event(event("start", 0, "b"))
    camera.on_event(event("end", 100, "a"))

    assert feed(camera, 200) == [(200, "motion")]
    camera.on_event(event("end", 200, "b"))
    assert feed(camera, 300) == []


def test_without_a_pre_roll_the_camera_is_left_alone_until_something_happens() -> None:
    camera = recording("motion", pre_roll=0)

    assert not camera.needs_frames(NOW)
    camera.on_event(event("start", 0))
    assert camera.needs_frames(NOW)
    camera.on_event(event("end", 0))
    assert camera.needs_frames(NOW)
    camera.on_silence()
    assert not camera.needs_frames(NOW)


def test_always_records_every_frame_during_motion() -> None:
    camera = recording("always", "motion", record_fps=1, pre_roll=0, post_roll=0)
    assert feed(camera, 0, 300, 600) == [(0, "always")]
    assert camera.on_event(event("start", 600)) == []
    assert feed(camera, 700, 800, 1000) == [(700, "motion"), (800, "motion"), (1000, "motion")]
    camera.on_event(event("end", 1000))
    assert feed(camera, 1300, 2000) == [(2000, "always")]


def test_always_has_every_frame_before_a_motion_as_well() -> None:
    camera = recording("always", "motion", record_fps=1, pre_roll=1, post_roll=0)
    assert feed(camera, *every(250, 0, 3001)) == [(0, "always"), (1000, "always"), (2000, "always"), (3000, "always")]
    assert times(camera.on_event(event("start", 2500))) == every(250, 1500, 3001)
    assert feed(camera, 3000, 3250) == [(3250, "motion")]
    camera.on_event(event("end", 3250))
    assert feed(camera, 3500, 4250) == [(4250, "always")]


def test_events_that_follow_one_another_record_no_frame_twice() -> None:
    camera = recording("always", "motion", record_fps=1, pre_roll=2, post_roll=0)
    feed(camera, *every(250, 0, 3001))
    camera.on_event(event("start", 3000))
    feed(camera, 3250)
    camera.on_event(event("end", 3250))
    feed(camera, 3500, 3750)
    assert times(camera.on_event(event("start", 3750, "b"))) == [3500, 3750]


def test_always_at_the_full_rate_needs_no_pre_roll() -> None:
    assert recording("always", "motion", record_fps=30, fps=30, pre_roll=5).pre_roll is None


def test_on_demand_records_from_start_to_stop() -> None:
    camera = recording("on-demand")
    assert not camera.needs_frames(NOW)
    assert feed(camera, 0) == []

    camera.start(NOW, None)
    assert camera.demanded_seconds(NOW) is None
    assert feed(camera, 100) == [(100, "on-demand")]
    camera.stop()
    assert feed(camera, 200) == []
    assert camera.demanded_seconds(NOW) == 0


def test_on_demand_begins_with_the_pre_roll_where_there_is_one() -> None:
    camera = recording("motion", "on-demand", pre_roll=1)
    feed(camera, *every(100, 0, 5000))

    assert times(camera.start(NOW, None)) == every(100, 3900, 5000)
    assert camera.start(NOW, None) == []
    assert feed(camera, 4900, 5000) == [(5000, "on-demand")]
    assert recording("on-demand").start(NOW, None) == []


def test_on_demand_ends_by_itself() -> None:
    camera = recording("on-demand")
    camera.start(NOW, 5)

    assert camera.is_demanded(NOW + 4.9)
    assert camera.demanded_seconds(NOW + 4) == 1
    assert not camera.needs_frames(NOW + 5)


def test_a_frame_is_recorded_once() -> None:
    camera = recording("on-demand")
    camera.start(NOW, None)

    assert feed(camera, 100, 100, 50, 200) == [(100, "on-demand"), (200, "on-demand")]
    restarted = frame(10, epoch="another")
    assert camera.on_frame(restarted, NOW) == "on-demand"


@pytest.mark.parametrize(("fps", "seconds"), [(10, 3), (0.1, 25)])
def test_a_slow_recording_has_no_gaps(fps: float, seconds: float) -> None:
    assert recording("always", record_fps=fps).gap_seconds == seconds
    assert recording("motion", record_fps=fps).gap_seconds == 3


def test_a_camera_that_is_not_recorded_needs_nothing() -> None:
    camera = CameraRecording(CameraConfig())
    camera.on_event(event("start", 0))

    assert not camera.needs_frames(NOW)
    assert not camera.wants_events


def test_the_pre_roll_is_complete_where_motion_was_sure_only_at_the_end_of_its_window() -> None:
    camera = recording("motion", pre_roll=2)
    assert feed(camera, *every(100, 0, 9_000)) == []
    late_ms = round(WINDOW_SECONDS * 1000) + 500
    frames = camera.on_event(event("start", 9_000 - late_ms))
    assert times(frames) == every(100, 9_000 - late_ms - 2_000, 9_000)
