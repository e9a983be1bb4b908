"""What a damaged recording makes a replay publish: every frame stays within the bounds of the wire format."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from framebus import Frame, Subscriber
from framebus.client.replay import MAX_GAP_FRAMES, Replayer, replay
from framebus.protocol.wire import MAX_COUNT, MAX_MONOTONIC_SECONDS
from tests.capture.jpegs import jpeg
from tests.conftest import Configure
from tests.framebus.publisher import frame_header

JPEG = jpeg()


def published(configure: Configure, *frames: dict[str, Any], keep_time: bool = False) -> Iterator[Frame]:
    """Replay frames with these values; each as a subscriber gets it."""
    config = configure('[camera.front]\nsource = "program"\n')
    headers = [msgspec.structs.replace(frame_header(1), **values) for values in frames]
    replayer = Replayer(config, "front")
    subscriber = Subscriber("front", config=config.path, timeout=10, queue=10)
    with replayer, subscriber:
        assert replayer.wait_watched(10)
        for header in headers:
            numbers: list[int] = []
            replay([(header, JPEG)], replayer, keep_time=keep_time, on_frame=numbers.append)
            assert numbers == [1]
            yield next(iter(subscriber))


def test_the_numbers_have_the_gaps_of_the_recording(configure: Configure) -> None:
    frames = published(configure, {"seq": 5}, {"seq": 6}, {"seq": 9}, {"seq": 9 + MAX_GAP_FRAMES})
    assert [frame.seq for frame in frames] == [1, 2, 5, 5 + MAX_GAP_FRAMES]


@pytest.mark.parametrize("after", [9 + MAX_GAP_FRAMES + 1, MAX_COUNT, 9, 8])
def test_a_number_that_is_no_gap_counts_as_the_next(after: int, configure: Configure) -> None:
    """A file in which it jumps to and fro would else lead beyond what the wire format allows."""
    frames = published(configure, {"seq": 9}, {"seq": after}, {"seq": 9}, {"seq": after})
    assert [frame.seq for frame in frames] == [1, 2, 3, 4]


def test_another_run_of_the_camera_leaves_no_gap(configure: Configure) -> None:
    frames = published(configure, {"seq": 1}, {"seq": 100, "epoch": "another"})
    assert [frame.seq for frame in frames] == [1, 2]


@pytest.mark.parametrize(
    ("published_at", "monotonic", "age"),
    [
        (1000.0, 998.0, 2.0),
        (MAX_MONOTONIC_SECONDS, -MAX_MONOTONIC_SECONDS, 0.0),
        (5000.0, 1399.0, 0.0),
        (0.0, 1.0, 0.0),
    ],
)
@pytest.mark.parametrize("keep_time", [False, True])
def test_an_age_that_no_frame_has_counts_as_none(
    published_at: float, monotonic: float, age: float, keep_time: bool, configure: Configure
) -> None:
    times = {"published": published_at, "monotonic": monotonic, "captured": 1_700_000_000.0}
    (frame,) = published(configure, times, keep_time=keep_time)
    assert frame.published - frame.monotonic == pytest.approx(age, abs=1)
    if keep_time:
        assert frame.captured == 1_700_000_000
    else:
        assert frame.captured == pytest.approx(time.time() - age, abs=10)
