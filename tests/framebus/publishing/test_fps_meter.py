import pytest

from framebus.publishing.fps_meter import MOST_TIMES, SLOWEST_PERIOD_SECONDS, WINDOW_SECONDS, FpsMeter


def counted(
    fps: float, seconds: float, start: float = 100.0, fps_meter: FpsMeter | None = None
) -> tuple[FpsMeter, float]:
    """A rate after so many seconds of events, asked once a second meanwhile; and the moment of the last event."""
    fps_meter = fps_meter or FpsMeter()
    last = start
    for number in range(int(fps * seconds) + 1):
        last = start + number / fps
        fps_meter.count(last)
        fps_meter.per_second(last)
    return fps_meter, last


def test_nothing_is_no_rate() -> None:
    assert FpsMeter().per_second(100.0) == 0


def test_one_event_is_no_rate() -> None:
    fps_meter = FpsMeter()
    fps_meter.count(100.0)
    assert fps_meter.per_second(100.1) == 0


@pytest.mark.parametrize("fps", [0.05, 0.2, 1, 7.5, 30, 120, 240])
def test_an_even_rate_is_told_as_it_is(fps: float) -> None:
    fps_meter, last = counted(fps, max(5.0, 4 / fps))
    assert fps_meter.per_second(last) == pytest.approx(fps)
    assert fps_meter.per_second(last + 0.9 / fps) == pytest.approx(fps)


def test_the_window_holds_the_fastest_camera() -> None:
    assert MOST_TIMES > 240 * WINDOW_SECONDS


def test_a_change_shows_after_the_window() -> None:
    fps_meter, last = counted(1, 10)
    fps_meter, last = counted(30, WINDOW_SECONDS + 0.1, last + 1 / 30, fps_meter)
    assert fps_meter.per_second(last) == pytest.approx(30, abs=0.01)
    fps_meter, last = counted(1, WINDOW_SECONDS + 1.1, last + 1, fps_meter)
    assert fps_meter.per_second(last) == pytest.approx(1, abs=0.01)


def test_a_fast_camera_that_stopped_gives_none_after_the_window() -> None:
    fps_meter, last = counted(30, 5)
    assert fps_meter.per_second(last + WINDOW_SECONDS + 0.01) == 0


def test_a_slow_camera_that_stopped_gives_none_after_two_periods() -> None:
    fps_meter, last = counted(0.2, 30)
    assert fps_meter.per_second(last + 9.9) == pytest.approx(0.2)
    assert fps_meter.per_second(last + 10.1) == 0


def test_slower_than_a_frame_a_minute_counts_as_none() -> None:
    fps_meter, last = counted(1 / (SLOWEST_PERIOD_SECONDS + 1), 300)
    assert fps_meter.per_second(last) == 0


def test_after_a_long_pause_the_old_frames_do_not_count() -> None:
    fps_meter, last = counted(30, 5)
    fps_meter, last = counted(30, 0.5, last + 3600, fps_meter)
    assert fps_meter.per_second(last) == pytest.approx(30)


def test_events_of_one_moment_are_no_rate() -> None:
    fps_meter = FpsMeter()
    fps_meter.count(100.0)
    fps_meter.count(100.0)
    assert fps_meter.per_second(100.0) == 0
