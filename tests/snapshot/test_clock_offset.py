"""Another machine's times in ours, from nothing but when its frames arrive."""

import pytest

from framebus.protocol.wire import FrameHeader
from snapshot.clock_offset import WINDOW_SECONDS, ClockOffset

APART = 1234.5
"""What has to be added to the other machine's clock."""


def header(published: float, *, captured_before: float = 0.01, epoch: str = "e1") -> FrameHeader:
    """A frame that was sent at this moment, by our clock, `captured_before` so many seconds later than it was taken."""
    return FrameHeader(
        v=1,
        camera="front",
        seq=1,
        epoch=epoch,
        captured=0.0,
        monotonic=published - APART - captured_before,
        published=published - APART,
        width=2,
        height=2,
        source="test",
        dropped=0,
    )


def test_a_frame_was_taken_before_it_was_sent() -> None:
    here = ClockOffset().to_local(header(100.0), arrived=100.002)
    assert here.monotonic == pytest.approx(100.002 - 0.01)
    assert here.published == pytest.approx(100.002)


def test_a_frame_that_took_long_is_as_old_as_it_is() -> None:
    clock = ClockOffset()
    clock.to_local(header(100.0), arrived=100.002)
    late = clock.to_local(header(101.0), arrived=103.0)
    assert late.monotonic == pytest.approx(101.0 - 0.01, abs=0.003)
    again = clock.to_local(header(101.0), arrived=104.0)
    assert again.monotonic == pytest.approx(late.monotonic)


def test_nothing_is_taken_after_it_arrived() -> None:
    here = ClockOffset().to_local(header(100.0, captured_before=-0.5), arrived=100.002)
    assert here.monotonic == 100.002
    assert here.published <= 100.002


def test_clocks_that_drift_are_followed() -> None:
    clock = ClockOffset()
    clock.to_local(header(100.0), arrived=100.0)
    drifted = 0.5
    for second in range(1, 4 * round(WINDOW_SECONDS)):
        here = clock.to_local(header(100.0 + second), arrived=100.0 + second + drifted)
    assert here.monotonic == pytest.approx(100.0 + second + drifted - 0.01)


def test_a_restart_resets_the_offset() -> None:
    clock = ClockOffset()
    clock.to_local(header(100.0), arrived=100.0)
    restarted = clock.to_local(header(50.0, epoch="e2"), arrived=101.0)
    assert restarted.published == pytest.approx(101.0)
