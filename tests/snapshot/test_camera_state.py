"""The state of a camera in the snapshot service: its newest frame, its history and its status."""

import re
import time
from typing import Any

import msgspec
import pytest

from framebus.config.load import parse
from framebus.protocol.wire import STATUS_TIMEOUT_SECONDS, Kind, State, StatusHeader, pack
from snapshot.camera_state import CameraState
from tests.clock import Clock
from tests.framebus.golden.make import JPEG, STATUS
from tests.framebus.publisher import frame_header

NOW = 5000.0
STALE_AFTER = 10
FAR = {"connect": "tcp://127.0.0.1:5555"}
AHEAD = 1e6
"""How far the monotonic clock of the other machine is ahead of this one's, in seconds."""


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


def camera_state(clock: Clock, front: dict[str, Any] | None = None, **snapshot: Any) -> CameraState:
    """The state of a camera called front."""
    table = {"camera": {"front": front or {}}, "snapshot": {"stale_after": STALE_AFTER, **snapshot}}
    config = parse(table, None)
    return CameraState("front", config.cameras["front"], config.snapshot, clock)


def frame(seq: int, at: float = NOW, kind: Kind = "peek", **changes: Any) -> bytes:
    """A frame captured at a moment of the clock."""
    return pack(kind, "front", frame_header(seq, **{"monotonic": at, "published": at, **changes}), JPEG)


def status(state: State, **changes: Any) -> bytes:
    header: StatusHeader = msgspec.structs.replace(STATUS, camera="front", state=state, **changes)
    return pack("status", "front", header)


# Frames


def test_at_first_there_is_no_frame_and_no_trouble(clock: Clock) -> None:
    state = camera_state(clock)

    assert (state.newest, state.current, len(state.history), state.offline_reason) == (None, None, 0, "")
    assert (state.fps, state.awake_seconds) == (0.0, 0.0)


def test_the_newest_frame_is_kept_whichever_kind_it_comes_as(clock: Clock) -> None:
    state = camera_state(clock)
    first, second = state.put(frame(1)), state.put(frame(2, kind="live"))

    assert first is not None
    assert second is not None
    assert (first.header.seq, second.header.seq, second.jpeg) == (1, 2, JPEG)
    assert state.newest is state.current is second


def test_a_repeat_an_older_and_a_malformed_frame_change_nothing(clock: Clock) -> None:
    state = camera_state(clock, history=60)
    newest = state.put(frame(2))

    assert [state.put(message) for message in (frame(2), frame(1), b"", b"peek/front\n{}\n")] == [None] * 4
    assert state.newest is newest
    assert len(state.history) == 1


def test_the_first_frame_of_another_run_is_newer(clock: Clock) -> None:
    state = camera_state(clock)
    state.put(frame(500))

    assert state.put(frame(1, epoch="second")) is state.newest is not None


@pytest.mark.parametrize(("history", "kept"), [(0, 0), (3, 4), (60, 10)])
def test_frames_are_kept_for_the_seconds_of_the_history(history: float, kept: int, clock: Clock) -> None:
    state = camera_state(clock, history=history)
    for second in range(10):
        clock.seconds = NOW + second
        state.put(frame(second + 1, at=clock.seconds))

    assert len(state.history) == kept


def test_the_history_takes_no_more_memory_than_configured(clock: Clock) -> None:
    state = camera_state(clock, history=60, history_mb=2.5 * len(JPEG) / 1e6)
    for seq in range(1, 10):
        state.put(frame(seq))

    assert (len(state.history), state.history.bytes) == (2, 2 * len(JPEG))


@pytest.mark.parametrize(
    ("idle_fps", "fresh_seconds", "sleeps"), [(1, 11, False), (4, 10.25, False), (0.1, 20, False), (0, 10, True)]
)
def test_a_frame_is_current_until_the_next_one_is_overdue(
    idle_fps: float, fresh_seconds: float, sleeps: bool, clock: Clock
) -> None:
    state = camera_state(clock, {"idle_fps": idle_fps})
    still = state.put(frame(1))
    assert still is not None
    clock.seconds = NOW + fresh_seconds
    last, age = state.current, state.age(still)
    clock.seconds += 0.001
    overdue = state.current

    assert (last, age, overdue) == (still, fresh_seconds, None)
    assert state.newest is still
    assert state.sleeps == sleeps


def test_a_full_frame_is_returned_and_not_kept(clock: Clock) -> None:
    state = camera_state(clock, history=60)
    newest = state.put(frame(5))
    full = state.parse_full(frame(2, kind="full"))

    assert full is not None
    assert full.header.seq == 2
    assert state.newest is newest
    assert len(state.history) == 1
    assert state.parse_full(b"full/front\n{}\n") is None


# Status


def test_a_camera_is_in_trouble_when_its_process_is_silent(clock: Clock) -> None:
    state = camera_state(clock)
    clock.seconds = NOW + STATUS_TIMEOUT_SECONDS - 0.001
    assert state.offline_reason == ""
    clock.seconds = NOW + STATUS_TIMEOUT_SECONDS
    assert re.fullmatch(
        r"camera front is offline since \d\d:\d\d:\d\d: its process does not answer", state.offline_reason
    )
    state.put_status(status("idle"))
    assert state.offline_reason == ""


def test_a_camera_that_is_offline_is_in_trouble_with_its_reason(clock: Clock) -> None:
    state = camera_state(clock)
    state.put_status(status("offline", reason="the device is gone"))
    assert re.fullmatch(r"camera front is offline since \d\d:\d\d:\d\d: the device is gone", state.offline_reason)
    state.put_status(status("starting"))
    assert state.offline_reason == ""


def test_a_malformed_status_is_counted_and_the_last_one_stays(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    state = camera_state(clock)
    state.put_status(status("live", fps=12.5))
    clock.seconds = NOW + STATUS_TIMEOUT_SECONDS
    state.put_status(b"status/front\n{}\n")

    assert caplog.messages == [
        "1 malformed messages dropped (1 in all): StatusHeader: Object missing required field `v`"
    ]
    assert state.fps == 12.5
    assert state.offline_reason.endswith("its process does not answer")


def test_losses_that_are_not_logged_yet_are_logged_by_a_flush(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    state = camera_state(clock)
    for _ in range(3):
        state.put_status(b"")
        state.put(b"")
    before = len(caplog.messages)
    for log in (state.losses, state._frame_filter.losses):
        log._said_at = float("-inf")  # as after a second
    state.flush_losses()

    assert before == 2
    assert [message.split(":")[0] for message in caplog.messages[before:]] == [
        "2 malformed messages dropped (3 in all)"
    ] * 2


@pytest.mark.parametrize("not_live", ["starting", "idle", "offline"])
def test_a_camera_is_awake_while_it_is_live(not_live: State, clock: Clock) -> None:
    state = camera_state(clock)
    state.put_status(status("live", since=time.time() - 30))
    assert 30 <= state.awake_seconds < 40
    state.put_status(status(not_live, since=time.time() - 30))
    assert state.awake_seconds == 0.0


def test_a_camera_that_is_live_since_the_future_was_just_woken(clock: Clock) -> None:
    state = camera_state(clock)
    state.put_status(status("live", since=time.time() + 3600))

    assert state.awake_seconds == 0.0


# Cameras of another machine


def far_frame(seq: int, at: float, **changes: Any) -> bytes:
    """A frame of another machine, captured at a moment of this one's clock."""
    return frame(seq, at + AHEAD, **changes)


def test_the_age_of_a_far_frame_is_by_our_clock(clock: Clock) -> None:
    state = camera_state(clock, FAR)
    still = state.put(far_frame(1, NOW))
    assert still is not None
    assert still.header.monotonic == NOW
    clock.seconds = NOW + 2
    assert state.age(still) == 2


def test_the_time_of_a_far_camera_is_by_its_own_clock(clock: Clock) -> None:
    state = camera_state(clock, FAR)
    assert state.unix_seconds == pytest.approx(time.time(), abs=60)
    state.put(far_frame(1, NOW, captured=1000.0))
    clock.seconds = NOW + 2.5

    assert state.unix_seconds == 1002.5


def test_the_time_of_a_camera_of_this_machine_is_our_own(clock: Clock) -> None:
    state = camera_state(clock)
    state.put(frame(1, captured=1000.0))

    assert state.unix_seconds == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_clock_that_is_set_lets_no_exposure_count_as_settled(
    step: float, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = camera_state(clock)
    woken = time.time()
    state.put_status(status("live", since=woken))
    monkeypatch.setattr(time, "time", lambda: woken + step)
    clock.seconds += 2
    state.put_status(status("live", since=woken))
    assert 2 <= state.awake_seconds < 60
    state.put_status(status("live", since=woken + step))  # another capture
    assert state.awake_seconds == 0


def test_a_far_camera_is_awake_since_we_heard_so(clock: Clock) -> None:
    state = camera_state(clock, FAR)
    state.put_status(status("live", since=0.0))
    clock.seconds = NOW + 1
    state.put_status(status("live", since=0.0))
    assert state.awake_seconds == 1
    state.put_status(status("idle"))
    assert state.awake_seconds == 0
    clock.seconds = NOW + 2
    state.put_status(status("live", since=0.0))
    assert state.awake_seconds == 0
