"""Which size a page gets on links of many kinds, in simulated time, with cameras of 1280x720 at 30 fps."""

from itertools import pairwise

import pytest

from gateway.viewers.link_adaptation import FIRST_PAUSE_SECONDS, TICK_SECONDS, CameraLevel, LinkAdaptation
from gateway.viewers.link_budget import LinkBudget
from tests.gateway.viewers.simulated_link import SimulatedCamera, SimulatedPage

MEGABIT = 125_000
FULL, HALF, QUARTER = 0, 1, 2


def levels(page: SimulatedPage) -> list[int]:
    """The levels that the page went through."""
    return [level for _, _, level in page.switches]


@pytest.mark.parametrize(
    ("megabits", "level", "least_fps", "oldest"),
    [(100, FULL, 29, 0.1), (20, FULL, 11, 0.2), (4, HALF, 14, 0.2), (1, QUARTER, 14, 0.3), (0.3, QUARTER, 6, 0.3)],
)
@pytest.mark.parametrize("delay", [0.01, 0.1])
def test_a_steady_link_gets_the_size_that_moves_on_it_and_keeps_it(
    megabits: float, level: int, least_fps: float, oldest: float, delay: float
) -> None:
    page = SimulatedPage(lambda _: megabits * MEGABIT, delay_seconds=delay)
    page.run(30)
    assert page.adaptation.level("front") == level
    assert len(page.switches) == level, "no way back and forth"
    assert page.fps(10) >= least_fps
    assert page.ages(10)[-1] <= oldest + delay


@pytest.mark.medium
@pytest.mark.parametrize("before", [20, 50])
@pytest.mark.parametrize("draw", [0.005, 0.03])
def test_a_link_that_becomes_slow_shows_a_smaller_size_within_two_seconds(before: float, draw: float) -> None:
    """At whatever moment it does so: up to a frame of full size is under way."""
    for moment in range(14):
        at = 10 + moment * 0.037
        page = SimulatedPage(lambda now, at=at: MEGABIT if now > at else before * MEGABIT, draw_seconds=draw)  # type: ignore[misc]
        page.run(at)
        first = page.adaptation.level("front")
        page.run(3)
        smaller = [drawn.at for drawn in page.since(at) if drawn.level > first]
        assert smaller[0] - at <= 2


@pytest.mark.parametrize("delay", [0.002, 0.02, 0.1])
def test_a_link_that_becomes_fast_gets_a_larger_size_within_ten_seconds(delay: float) -> None:
    page = SimulatedPage(lambda now: MEGABIT if 10 < now < 30 else 100 * MEGABIT, delay_seconds=delay)
    page.run(30)
    assert page.adaptation.level("front") == QUARTER
    page.run(10)
    assert page.adaptation.level("front") < QUARTER
    page.run(10)
    assert page.adaptation.level("front") == FULL
    assert page.fps(1) >= 25


@pytest.mark.parametrize("draw", [0.015, 0.03])
def test_a_browser_that_takes_long_to_draw_does_not_hide_a_fast_link(draw: float) -> None:
    page = SimulatedPage(lambda now: MEGABIT if 10 < now < 30 else 100 * MEGABIT, delay_seconds=0.02, draw_seconds=draw)
    page.run(55)
    assert page.adaptation.level("front") == FULL


@pytest.mark.medium
@pytest.mark.parametrize(("slow", "fast"), [(1, 10), (1, 100), (0.3, 4), (0.5, 50), (3, 20)])
def test_on_a_link_that_changes_every_three_seconds_the_size_stays(slow: float, fast: float) -> None:
    page = SimulatedPage(lambda now: (slow if now // 3 % 2 else fast) * MEGABIT)
    page.run(15)
    settled = len(page.switches)
    page.run(120)
    assert len(page.switches) - settled <= 1
    assert page.fps(60) >= 9


@pytest.mark.medium
def test_a_step_back_that_does_not_last_is_not_repeated_for_two_minutes() -> None:
    page = SimulatedPage(lambda now: (1 if now // 10 % 2 else 100) * MEGABIT)
    page.run(180)
    ups = [
        at for (at, _, level), (_, _, before) in zip(page.switches[1:], page.switches, strict=False) if level < before
    ]
    assert all(later - earlier >= FIRST_PAUSE_SECONDS for earlier, later in pairwise(ups))


@pytest.mark.parametrize("megabits", [0.32, 1])
def test_eight_cameras_on_a_slow_link_stay_fresh_together(megabits: float) -> None:
    cameras = [SimulatedCamera(f"c{number}", (17_000, 4500, 1600)) for number in range(8)]
    page = SimulatedPage(lambda _: megabits * MEGABIT, cameras, delay_seconds=0.02)
    page.run(20)
    assert page.ages(10)[-1] <= 0.5
    counts = [len(page.since(10, camera.name)) for camera in cameras]
    assert min(counts) >= 0.8 * max(counts), "shared fairly"


def test_a_slow_camera_is_not_a_slow_link() -> None:
    page = SimulatedPage(lambda _: 20 * MEGABIT, [SimulatedCamera(fps=(2.0, 2.0, 2.0))])
    page.run(20)
    assert page.switches == []


@pytest.mark.parametrize("fps", [1.0, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("delay", [0.01, 0.1, 0.3])
def test_a_slow_camera_that_loses_no_frame_keeps_its_size_while_another_uses_the_link(fps: float, delay: float) -> None:
    slow = SimulatedCamera("slow", (18_000, 5_000, 1_600), (fps,) * 3)
    page = SimulatedPage(lambda _: 20 * MEGABIT, [SimulatedCamera(), slow], delay_seconds=delay)
    page.adaptation.watch("front", FULL, pinned=True)
    page.run(20)
    assert len(page.since(10, "slow")) == pytest.approx(10 * fps, abs=1)
    assert page.switches == []


@pytest.mark.parametrize("fps", [2.0, 3.0, 4.0])
def test_a_slow_camera_that_loses_frames_gets_a_smaller_size(fps: float) -> None:
    page = SimulatedPage(lambda _: 0.5 * MEGABIT, [SimulatedCamera(fps=(fps,) * 3)])
    page.run(20)
    assert page.adaptation.level("front") > FULL


def test_a_pinned_camera_stays_as_it_is() -> None:
    page = SimulatedPage(lambda _: MEGABIT)
    page.adaptation.watch("front", FULL, pinned=True)
    page.run(10)
    assert page.switches == []


def test_what_is_asked_for_changes_the_level_at_once_unless_the_link_has_reduced_it() -> None:
    adaptation = LinkAdaptation(LinkBudget())
    adaptation.watch("front", HALF)
    assert adaptation.level("front") == HALF
    adaptation.watch("front", FULL)
    assert adaptation.level("front") == FULL
    page = SimulatedPage(lambda _: MEGABIT)
    page.run(10)
    assert page.adaptation.level("front") == QUARTER
    page.adaptation.watch("front", HALF)
    assert page.adaptation.level("front") == QUARTER
    page.adaptation.watch("front", HALF, pinned=True)
    assert page.adaptation.level("front") == HALF
    page.adaptation.leave("front")
    page.adaptation.watch("front", FULL)
    assert page.adaptation.level("front") == FULL


def test_what_was_never_seen_is_estimated_from_the_nearest_size() -> None:
    level = CameraLevel(FULL, pinned=False, level=FULL)
    assert level.size(HALF) is None
    level.sizes = {FULL: 180.0}
    assert (level.size(HALF), level.size(QUARTER)) == (20.0, 5.0)
    level.sizes = {QUARTER: 5.0}
    assert level.size(FULL) == 180.0
    level.sizes = {FULL: 100.0, QUARTER: 7.0}
    assert level.size(HALF) == pytest.approx(100 / 9)


def test_without_cameras_there_is_nothing_to_do() -> None:
    adaptation = LinkAdaptation(LinkBudget())
    adaptation.drawn("front", FULL, 1000)
    assert adaptation.tick({}, TICK_SECONDS) == []
