import threading
import time
from collections.abc import Callable

import pytest

from capture.rate_control import HEADROOM, RateControl
from tests.clock import Clock
from tests.processes import DEADLINE_SECONDS

LONG = 2 * DEADLINE_SECONDS
"""A thread that waits for this long was not woken."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def frames_taken(rate_control: RateControl, clock: Clock, camera_fps: float, seconds: float = 60.0) -> float:
    """Frames a second that are taken from a camera with a clock of its own."""
    start, taken = clock.seconds, 0
    for number in range(int(camera_fps * seconds)):
        clock.seconds = start + number / camera_fps
        if rate_control.due():
            rate_control.taken()
            taken += 1
    return taken / seconds


def woken_by(wait: Callable[[], object], wake: Callable[[], None]) -> None:
    """Let a thread wait, wake it, and fail if it has not noticed."""
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    time.sleep(0.05)  # whether it waits already makes no difference to the outcome
    wake()
    waiting.join(DEADLINE_SECONDS)
    assert not waiting.is_alive()


def test_nothing_is_wanted_at_rate_0(clock: Clock) -> None:
    rate_control = RateControl(0, clock)
    assert (rate_control.fps, rate_control.wanted, rate_control.due(), rate_control.stopped) == (0, False, False, False)
    assert not rate_control.wait(LONG)


def test_the_first_frame_is_due_at_once(clock: Clock) -> None:
    rate_control = RateControl(0.1, clock)
    assert rate_control.wanted
    assert rate_control.due()
    assert rate_control.wait(0)


def test_a_frame_that_was_taken_is_due_again_a_period_later(clock: Clock) -> None:
    rate_control = RateControl(4, clock)
    rate_control.taken(own_clock=False)
    clock.seconds += 0.2499
    assert not rate_control.due()
    clock.seconds += 0.0002
    assert rate_control.due()


def test_jitter_evens_out(clock: Clock) -> None:
    rate_control = RateControl(4, clock)
    rate_control.taken(own_clock=False)
    clock.seconds += 0.40
    rate_control.taken(own_clock=False)  # was due at 0.25
    clock.seconds += 0.10
    assert rate_control.due()


def test_what_was_missed_is_not_made_up_for(clock: Clock) -> None:
    rate_control = RateControl(4, clock)
    rate_control.taken(own_clock=False)
    clock.seconds += 60
    rate_control.taken(own_clock=False)
    rate_control.taken(own_clock=False)  # one period back at most: one frame may follow at once, and no burst
    assert not rate_control.due()


def test_a_clock_of_ones_own_keeps_the_rate_exactly(clock: Clock) -> None:
    rate_control = RateControl(30, clock)
    start, taken = clock.seconds, 0
    for tick in range(60_000):
        clock.seconds = start + tick / 1000
        if rate_control.due():
            rate_control.taken(own_clock=False)
            taken += 1
    assert taken == 30 * 60


@pytest.mark.parametrize("camera_fps", [7.5, 15, 29.97, 30, 30.02, 29.9 * HEADROOM])
def test_a_camera_that_is_not_clearly_too_fast_loses_no_frame(camera_fps: float, clock: Clock) -> None:
    assert frames_taken(RateControl(30, clock), clock, camera_fps) == pytest.approx(int(camera_fps * 60) / 60)


@pytest.mark.parametrize("camera_fps", [40, 50, 60, 90, 240])
def test_a_camera_that_is_too_fast_is_thinned_out(camera_fps: float, clock: Clock) -> None:
    taken = frames_taken(RateControl(30, clock), clock, camera_fps)
    assert 29.9 <= taken <= 30 * HEADROOM + 0.1


@pytest.mark.parametrize("fps", [1, 0.5, 0.2])
def test_an_idle_rate_is_kept_without_headroom(fps: float, clock: Clock) -> None:
    assert frames_taken(RateControl(fps, clock), clock, 30) == pytest.approx(fps, abs=0.02)


def test_a_frame_is_due_at_once_where_the_rate_rises(clock: Clock) -> None:
    rate_control = RateControl(0.1, clock)
    rate_control.taken()
    assert not rate_control.due()
    rate_control.set(30)
    assert rate_control.fps == 30
    assert rate_control.due()


def test_a_frame_is_due_a_period_later_where_the_rate_falls(clock: Clock) -> None:
    rate_control = RateControl(30, clock)
    rate_control.set(1)
    clock.seconds += 0.99
    assert not rate_control.due()
    clock.seconds += 0.02
    assert rate_control.due()


def test_after_a_pause_at_0_a_frame_is_due_at_once(clock: Clock) -> None:
    rate_control = RateControl(1, clock)
    rate_control.taken()
    rate_control.set(0)
    assert not rate_control.due()
    rate_control.set(0.01)
    assert rate_control.due()


def test_after_the_end_nothing_is_wanted(clock: Clock) -> None:
    rate_control = RateControl(30, clock)
    rate_control.stop()
    assert (rate_control.stopped, rate_control.wanted, rate_control.due()) == (True, False, False)
    rate_control.set(60)
    assert not rate_control.wanted
    assert not rate_control.wait(LONG)
    rate_control.pause(LONG)


def test_a_frame_taken_while_the_rate_rises_delays_none() -> None:
    """The reader's thread is in `taken` just when the server's thread lets a viewer in."""
    rising: list[threading.Thread] = []

    def now() -> float:
        if rising:
            rising.pop().start()
            time.sleep(0.05)  # time for `set` to come in between, if it can
        return time.monotonic()

    rate_control = RateControl(0.001, now)
    setting = threading.Thread(target=rate_control.set, args=(30,))
    rising.append(setting)
    rate_control.taken()
    setting.join(DEADLINE_SECONDS)
    assert rate_control.fps == 30
    assert rate_control.wait(DEADLINE_SECONDS)


def test_waiting_ends_when_a_frame_is_due() -> None:
    rate_control = RateControl(20)
    rate_control.taken()
    assert rate_control.wait(LONG)
    assert rate_control.due()


def test_waiting_ends_at_the_limit() -> None:
    rate_control = RateControl(0.01)
    rate_control.taken()
    started = time.monotonic()
    assert not rate_control.wait(0.05)
    assert time.monotonic() - started >= 0.05


def test_waiting_ends_when_the_rate_falls_to_0() -> None:
    rate_control = RateControl(0.01)
    rate_control.taken()
    said: list[bool] = []
    woken_by(lambda: said.append(rate_control.wait(LONG)), lambda: rate_control.set(0))
    assert said == [False]


def test_waiting_ends_when_the_rate_rises() -> None:
    rate_control = RateControl(0.01)
    rate_control.taken()
    said: list[bool] = []
    woken_by(lambda: said.append(rate_control.wait(LONG)), lambda: rate_control.set(30))
    assert said == [True]


def test_waiting_ends_with_the_process() -> None:
    rate_control = RateControl(0.01)
    rate_control.taken()
    woken_by(lambda: rate_control.wait(LONG), rate_control.stop)


@pytest.mark.parametrize("fps", [0, 0.01])
def test_a_pause_ends_when_the_rate_changes(fps: float) -> None:
    rate_control = RateControl(fps)
    woken_by(lambda: rate_control.pause(LONG), lambda: rate_control.set(30))


def test_a_pause_ends_with_the_process() -> None:
    rate_control = RateControl(0)
    woken_by(lambda: rate_control.pause(LONG), rate_control.stop)


def test_a_pause_ends_by_itself() -> None:
    started = time.monotonic()
    RateControl(30).pause(0.05)
    assert time.monotonic() - started >= 0.05
