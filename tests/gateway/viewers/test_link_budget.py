"""What a connection may have in flight, and what is learnt of its link, without a clock or a socket."""

import pytest

from gateway.viewers.link_budget import (
    ACK_WINDOW,
    ASK_SECONDS,
    DELAY_KEPT_SECONDS,
    FIRST_FRAMES,
    LATE_TRIP_SECONDS,
    LEAST_DRAIN_SECONDS,
    LOST_SECONDS,
    MAX_DELAYED,
    MOST_BYTES,
    PAUSE_SECONDS,
    PING_SECONDS,
    LinkBudget,
)
from tests.gateway.viewers.simulated_link import SimulatedCamera, SimulatedPage

KB = 1000


def measured(rate: float, delay: float = 0.0, size: int = 10 * KB) -> LinkBudget:
    """A budget for a link of so many bytes per second, with nothing in flight, at the time 0."""
    budget = LinkBudget()
    now = -10.0
    budget.pinged(now)
    now += delay
    budget.ponged(now)
    for seq in range(4):
        budget.sent("front", seq, size, now)
        now += size / rate + delay
        budget.acknowledged("front", seq, now)
    return budget


def fill(budget: LinkBudget, size: int, now: float = 0.0, camera: str = "front") -> int:
    """Send for as long as there is room; return how many bytes are in flight then."""
    seq = 1000
    while budget.has_room(size, now):
        budget.sent(camera, seq, size, now)
        seq += 1
    return budget.in_flight_bytes


def test_before_the_first_acknowledgement_there_is_room_for_two_frames_or_one_that_is_large() -> None:
    assert fill(LinkBudget(), 1) == FIRST_FRAMES
    assert fill(LinkBudget(), MOST_BYTES // 2) == MOST_BYTES // 2 * 2
    assert fill(LinkBudget(), MOST_BYTES // 2 + 1) == MOST_BYTES // 2 + 1
    assert fill(LinkBudget(), 500 * KB) == 500 * KB


@pytest.mark.parametrize("rate", [40 * KB, 125 * KB, 1_000 * KB, 12_500 * KB])
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_what_is_in_flight_drains_within_a_fifth_of_a_second_and_the_delay(rate: float, delay: float) -> None:
    budget = measured(rate, delay, 160 * KB)
    assert budget.capacity == pytest.approx(rate, rel=0.01)
    drained = min(rate * 0.2, max(MOST_BYTES, rate * LEAST_DRAIN_SECONDS))
    assert fill(budget, KB) == pytest.approx(drained + rate * delay, abs=KB + rate * 0.005)


def test_a_link_that_becomes_slow_drains_what_is_in_flight_soon() -> None:
    """Two frames of 160 KB would take 2.6 s on 1 Mbit/s, and a smaller one waits behind them."""
    assert fill(measured(2_500 * KB), 160 * KB) == 160 * KB
    assert fill(measured(12_500 * KB, size=160 * KB), 160 * KB) == 320 * KB, "it drains them in 26 ms"


def test_behind_a_frame_that_was_much_too_late_nothing_is_sent_where_a_smaller_size_may_follow() -> None:
    for may_shrink in (True, False):
        budget = measured(2_500 * KB)
        budget.may_shrink = may_shrink
        budget.sent("front", 50, 160 * KB, 0)
        budget.acknowledged("front", 50, LATE_TRIP_SECONDS + 0.1)
        assert budget.has_room(160 * KB, 0.7) == (not may_shrink)
        assert budget.has_room(160 * KB, LATE_TRIP_SECONDS + PAUSE_SECONDS + 0.11)


def test_a_smaller_size_ends_the_pause_and_the_larger_frames_before_it_begin_no_other() -> None:
    budget = measured(2_500 * KB)
    budget.may_shrink = True
    budget.sent("front", 50, 160 * KB, 0)
    budget.sent("front", 51, 160 * KB, 0)
    budget.acknowledged("front", 50, 0.6)
    assert budget.is_paused(0.7)
    budget.resume()
    budget.acknowledged("front", 51, 1.2)
    assert budget.has_room(18 * KB, 1.2)


def test_a_frame_that_takes_long_as_the_link_is_known_to_be_slow_is_not_late() -> None:
    budget = measured(20 * KB)
    budget.may_shrink = True
    budget.sent("front", 50, 20 * KB, 0)
    budget.acknowledged("front", 50, 1.0)
    assert not budget.is_paused(1.0)


def test_one_frame_is_always_allowed() -> None:
    assert fill(measured(40 * KB), 170 * KB) == 170 * KB


def test_all_cameras_share_what_may_be_in_flight() -> None:
    budget = measured(100 * KB)
    fill(budget, 5 * KB, camera="front")
    assert not budget.has_room(5 * KB, 0)
    budget.acknowledged("front", 1000, 0.05)
    assert budget.has_room(5 * KB, 0.05)


def test_a_buffer_in_between_stays_as_empty_as_the_link_needs() -> None:
    """The page acknowledges at the far end of it: what the buffer could take is of no concern."""
    budget, now, buffered = LinkBudget(), 0.0, 0.0
    in_flight: list[int] = []
    for seq in range(2000):
        now += 0.01
        buffered = max(0.0, buffered - 40 * KB * 0.01)
        while in_flight and budget.in_flight_bytes - buffered >= 5 * KB:
            budget.acknowledged("front", in_flight.pop(0), now)
        if budget.has_room(5 * KB, now):
            budget.sent("front", seq, 5 * KB, now)
            in_flight.append(seq)
            buffered += 5 * KB
        assert buffered <= 40 * KB * 0.2 + 5 * KB or now < 1


def test_the_delay_is_no_transmission() -> None:
    assert measured(1_000 * KB, delay=0.3).capacity == pytest.approx(1_000 * KB)


def test_frames_that_follow_each_other_on_a_long_link_show_what_it_carries() -> None:
    """Something is always in flight, yet the link is idle for most of the time."""
    budget = measured(1_000 * KB, delay=0.5)
    for seq in range(100):
        budget.sent("front", 2000 + seq, 5 * KB, seq * 0.1)
        if seq >= 5:
            budget.acknowledged("front", 2000 + seq - 5, (seq - 5) * 0.1 + 0.505)
    assert budget.in_flight_bytes == 5 * 5 * KB
    assert budget.capacity is not None
    assert budget.capacity > 300 * KB
    assert budget.used(9.9) == pytest.approx(50 * KB, rel=0.2)


def test_two_slow_frames_change_the_capacity_and_one_does_not() -> None:
    budget = measured(1_000 * KB)
    budget.sent("front", 50, 10 * KB, 0)
    budget.acknowledged("front", 50, 1)
    assert budget.capacity == pytest.approx(1_000 * KB)
    budget.sent("front", 51, 10 * KB, 1)
    budget.acknowledged("front", 51, 2)
    assert budget.capacity == pytest.approx(10 * KB)


def test_the_best_of_the_last_second_shows_a_link_whose_delay_varies() -> None:
    budget = measured(1_000 * KB)
    for seq, trip in enumerate((0.1, 0.01, 0.1, 0.1, 0.01)):
        budget.sent("front", 50 + seq, 10 * KB, seq * 0.2)
        budget.acknowledged("front", 50 + seq, seq * 0.2 + trip)
    assert budget.capacity == pytest.approx(100 * KB)
    assert budget.best_capacity(1.0) == pytest.approx(1_000 * KB)
    assert budget.best_capacity(9.0) == pytest.approx(100 * KB), "of no sample, the median is all there is"


@pytest.mark.medium
def test_an_hour_of_frames_keeps_no_more_than_a_second_of_them() -> None:
    """A watch without sizes asks neither for the use of the link nor for its best capacity."""
    budget, fps = LinkBudget(), 15
    for seq in range(3600 * fps):
        budget.sent("front", seq, 10 * KB, seq / fps)
        budget.acknowledged("front", seq, seq / fps + 0.01)
    assert len(budget._arrivals) <= fps + 1
    assert len(budget._recent_samples) <= fps + 1
    assert budget.used(3600) == pytest.approx(fps * 10 * KB, rel=0.1)


def test_nothing_is_sent_behind_a_frame_that_is_late() -> None:
    budget = measured(1_000 * KB)
    budget.sent("front", 50, 10 * KB, 0)
    assert budget.has_room(10 * KB, 0.01)
    assert not budget.has_room(10 * KB, 0.05)


def test_an_acknowledgement_says_that_all_frames_before_it_have_arrived() -> None:
    """A camera whose frames are not drawn delays no other."""
    budget = LinkBudget()
    budget.sent("stuck", 1, 10 * KB, 0)
    budget.sent("front", 1, 10 * KB, 0)
    budget.acknowledged("front", 1, 0.1)
    assert budget.in_flight_bytes == 0
    budget.acknowledged("stuck", 1, 0.2)
    assert budget.in_flight_bytes == 0


def test_what_was_never_sent_or_is_forgotten_is_ignored() -> None:
    budget = LinkBudget()
    budget.sent("front", 1, 10 * KB, 0)
    budget.acknowledged("front", 2, 0.1)
    budget.acknowledged("back", 1, 0.1)
    budget.forget("front", 1)
    budget.acknowledged("front", 1, 0.1)
    assert budget.in_flight_bytes == 10 * KB
    budget.ponged(0.1)
    assert budget.in_flight_bytes == 10 * KB, "no ping was sent"


def test_a_ping_is_due_at_once_and_then_now_and_again_while_nothing_is_in_flight() -> None:
    budget = LinkBudget()
    assert budget.is_ping_due(0)
    budget.pinged(0)
    assert not budget.is_ping_due(LOST_SECONDS)
    assert budget.is_ping_due(LOST_SECONDS + 0.1), "the answer was lost"
    budget.ponged(0.25)
    assert budget.delay_seconds == 0.25
    assert not budget.is_ping_due(PING_SECONDS - 0.1)
    assert budget.is_ping_due(PING_SECONDS)
    budget.sent("front", 1, KB, PING_SECONDS)
    assert not budget.is_ping_due(PING_SECONDS + 0.2)


def test_a_ping_finds_out_what_a_page_that_draws_nothing_has_received() -> None:
    budget = measured(100 * KB)
    budget.sent("front", 50, 8 * KB, 0)
    assert not budget.is_ping_due(ASK_SECONDS - 0.01)
    assert budget.is_ping_due(ASK_SECONDS + 0.01)
    budget.pinged(ASK_SECONDS + 0.01)
    budget.sent("front", 51, 20 * KB, ASK_SECONDS + 0.01)
    budget.ponged(ASK_SECONDS + 0.02)
    assert budget.in_flight_bytes == 20 * KB
    assert budget.delay_seconds == 0, "it was not alone"


def test_a_ping_tells_of_the_arrival_where_the_next_frame_may_have_to_wait() -> None:
    budget = measured(100 * KB)
    budget.sent("front", 50, 9 * KB, 0)
    assert not budget.is_ping_due(0)
    budget.sent("front", 51, 9 * KB, 0)
    assert budget.is_ping_due(0), "18 of 20 KB are in flight"


def test_a_ping_after_each_frame_leaves_the_time_of_drawing_out() -> None:
    budget = measured(1_000 * KB, delay=0.01)
    budget.looks_for_room = True
    for number in range(3):
        at = 1.0 + number
        budget.sent("front", 50 + number, 10 * KB, at)
        assert budget.is_ping_due(at)
        budget.pinged(at)
        assert not budget.is_ping_due(at)
        budget.ponged(at + 0.012)
        budget.acknowledged("front", 50 + number, at + 0.1)
    assert budget.capacity == pytest.approx(5_000 * KB)


@pytest.mark.medium
def test_a_ping_after_each_frame_does_not_replace_the_one_that_measures_the_delay() -> None:
    cameras = [SimulatedCamera(f"c{number}", (5 * KB,) * 3, (15.0,) * 3) for number in range(4)]
    page = SimulatedPage(lambda _: 500 * KB, cameras, delay_seconds=0.3, adapts=False)
    page.budget.looks_for_room = True
    page.run(2 * DELAY_KEPT_SECONDS)
    assert page.fps(DELAY_KEPT_SECONDS / 2) == pytest.approx(60, abs=2)


def test_the_delay_is_the_least_of_the_last_pings() -> None:
    budget = LinkBudget()
    for at, trip in enumerate((0.1, 0.5, 0.3, 0.4)):
        budget.pinged(at * 10)
        budget.ponged(at * 10 + trip)
    assert budget.delay_seconds == pytest.approx(0.3)


def test_sending_pauses_when_the_delay_was_not_measured_for_long() -> None:
    budget = measured(1_000 * KB)
    later = DELAY_KEPT_SECONDS
    budget.sent("front", 50, KB, later)
    assert not budget.has_room(KB, later)
    budget.acknowledged("front", 50, later + 0.001)
    assert budget.is_ping_due(later + 0.001)
    budget.pinged(later + 0.001)
    budget.sent("front", 51, KB, later + 0.001)
    assert budget.has_room(KB, later + 0.001)


@pytest.mark.parametrize(
    ("delay", "window"),
    [(0.0, ACK_WINDOW), (0.03, ACK_WINDOW), (0.11, ACK_WINDOW + 3), (2.0, ACK_WINDOW + MAX_DELAYED)],
)
def test_more_frames_of_a_camera_may_wait_for_their_acknowledgement_where_that_travels_long(
    delay: float, window: int
) -> None:
    assert measured(1_000 * KB, delay).window == window
