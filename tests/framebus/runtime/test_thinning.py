from itertools import pairwise

import pytest

from framebus.runtime.thinning import Thinning


def taken(fps: float, camera_fps: float, seconds: float = 20, jitter: float = 0.0) -> list[float]:
    """When a thinning takes frames of a camera, each second one early by the jitter, in seconds."""
    thinning = Thinning(fps)
    times = [number / camera_fps - jitter * (number % 2) for number in range(round(seconds * camera_fps))]
    return [time for time in times if thinning.take(time)]


@pytest.mark.parametrize(
    ("fps", "camera_fps"), [(15, 30), (15, 25), (15, 16), (10, 30), (24, 30), (0.5, 30), (29.97, 30), (15, 240)]
)
@pytest.mark.parametrize("jitter", [0, 0.003])
def test_the_average_rate_is_what_was_asked_for(fps: float, camera_fps: float, jitter: float) -> None:
    assert len(taken(fps, camera_fps, jitter=jitter)) == pytest.approx(fps * 20, abs=2)


@pytest.mark.parametrize("camera_fps", [1, 14.9, 15])
def test_a_camera_that_is_not_faster_loses_nothing(camera_fps: float) -> None:
    assert len(taken(15, camera_fps, jitter=0.005)) == round(20 * camera_fps)


def test_frames_are_spread_evenly() -> None:
    times = taken(15, 30, jitter=0.003)
    assert max(after - before for before, after in pairwise(times)) < 0.08


def test_after_a_pause_there_is_no_burst() -> None:
    thinning = Thinning(10)
    for begin in (0, 100):  # nothing came before the first frame, either
        assert thinning.take(begin)
        assert not thinning.take(begin + 0.05)
        assert thinning.take(begin + 0.1)


def test_it_tells_how_long_a_frame_that_came_too_early_waits() -> None:
    thinning = Thinning(10)
    assert thinning.take(0)
    assert not thinning.is_due(0.04)
    wait = thinning.wait_seconds(0.04)
    assert 0.06 <= wait <= 0.1
    assert thinning.is_due(0.04 + wait)


def test_a_frame_of_an_earlier_clock_waits_for_one_period_at_most() -> None:
    thinning = Thinning(10)
    assert thinning.take(1000)
    assert thinning.wait_seconds(5) == 0.1
