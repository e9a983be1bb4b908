"""LatestFrame keeps the newest picture, lets only wanted frames to the encoder, and counts what the sensor lost."""

import threading
import time
from typing import Any

from capture.picamera2.latest_frame import STALE_PERIODS, LatestFrame

LONG = 60.0
"""A period within which nothing grows stale."""


def latest_frame(period_seconds: float = LONG, *, every: bool = True) -> LatestFrame:
    made = LatestFrame(period_seconds, at_once=2)
    made.want_every(every)
    return made


def encode(into: LatestFrame, timestamp_us: int, jpeg: bytes = b"", **metadata: Any) -> bool:
    """A frame from the event loop through the encoder; returns whether it was wanted."""
    if not into.wants():
        return False
    into.begin(timestamp_us, metadata)
    into.put(timestamp_us, jpeg)
    return True


def taken(latest_frame: LatestFrame) -> bytes | None:
    found = latest_frame.take(0)
    return found.jpeg if found else None


def test_the_newest_wins_and_is_taken_once() -> None:
    frames = latest_frame()
    assert encode(frames, 1, b"one")
    assert encode(frames, 2, b"two")
    assert taken(frames) == b"two"
    assert taken(frames) is None


def test_a_picture_keeps_what_was_said_of_its_frame() -> None:
    frames = latest_frame()
    frames.begin(1, {"Lux": 1})
    frames.begin(2, {"Lux": 2})
    frames.put(1, b"one")
    first = frames.take(0)
    frames.put(2, b"two")
    second = frames.take(0)
    assert first is not None
    assert second is not None
    assert (first.jpeg, first.metadata, second.jpeg, second.metadata) == (b"one", {"Lux": 1}, b"two", {"Lux": 2})


def test_what_the_encoder_makes_of_nothing_is_left_alone() -> None:
    frames = latest_frame()
    frames.put(7, b"seven")
    assert taken(frames) is None


def test_an_encoder_with_another_clock_is_known_by_its_order() -> None:
    frames = latest_frame()
    frames.begin(1, {"Lux": 1})
    frames.begin(2, {"Lux": 2})
    frames.put(7, b"one")
    found = frames.take(0)
    assert found is not None
    assert (found.jpeg, found.metadata) == (b"one", {"Lux": 1})
    assert frames.wants()


def test_no_more_frames_than_the_encoder_can_take() -> None:
    frames = latest_frame()
    frames.begin(1, {})
    assert frames.wants()
    frames.begin(2, {})
    assert not frames.wants()
    frames.put(1, b"")
    assert frames.wants()


def test_an_encoder_that_leaves_one_out_is_not_waited_for() -> None:
    frames = latest_frame()
    frames.begin(1, {})
    frames.begin(2, {})
    frames.put(2, b"two")
    frames.begin(3, {})
    assert frames.wants()


def test_while_few_are_wanted_only_one_that_was_asked_for_is_encoded() -> None:
    frames = latest_frame(every=False)
    assert not encode(frames, 1)
    assert taken(frames) is None  # which asks
    assert encode(frames, 2, b"two")
    assert not encode(frames, 3)
    assert taken(frames) == b"two"
    assert not encode(frames, 4)


def test_asking_again_does_not_make_two() -> None:
    frames = latest_frame(every=False)
    taken(frames)
    frames.begin(1, {})
    taken(frames)
    assert not frames.wants()
    frames.put(1, b"one")
    assert taken(frames) == b"one"


def test_a_picture_from_busier_times_is_not_handed_over() -> None:
    frames = latest_frame()
    encode(frames, 1, b"old")
    frames.want_every(False)
    assert taken(frames) is None


def test_a_picture_that_has_lain_there_too_long_is_not_handed_over() -> None:
    frames = latest_frame(0.01)
    encode(frames, 1, b"old")
    time.sleep(STALE_PERIODS * 0.01 + 0.01)
    assert taken(frames) is None


def test_taking_waits_for_the_next_one() -> None:
    frames = latest_frame(every=False)
    later = threading.Timer(0.1, lambda: encode(frames, 1, b"one"))
    later.start()
    found = frames.take(10)
    later.join()
    assert found is not None
    assert found.jpeg == b"one"


# --- what is lost ---


def lost(timestamps_ms: list[int | None], **metadata: Any) -> int:
    """After frames at these times, None for a moment in which few are wanted."""
    frames = latest_frame(0.1)
    for number, moment in enumerate(timestamps_ms):
        frames.want_every(moment is not None)
        if moment is not None:
            encode(frames, number, SensorTimestamp=moment * 1_000_000, **metadata)
    return frames.lost


def test_gaps_in_the_sensors_time_are_losses() -> None:
    assert lost([0, 100, 200]) == 0
    assert lost([0, 101, 399, 503]) == 2
    assert lost([0, 100], FrameDuration=50_000) == 1
    assert lost([0, 100], FrameDuration=100_000) == 0


def test_what_is_left_out_on_purpose_is_not_lost() -> None:
    assert lost([0, None, 1000, 1100]) == 0


def test_a_sensor_without_a_clock_loses_nothing() -> None:
    frames = latest_frame()
    assert encode(frames, 1)
    assert encode(frames, 2)
    assert frames.lost == 0
