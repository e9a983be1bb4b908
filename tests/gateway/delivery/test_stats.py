"""The counters of a camera."""

import pytest

from framebus.protocol.frame_view import FrameView
from framebus.protocol.viewers import AGE_BOUNDS_SECONDS, RenditionStats
from framebus.protocol.wire import Kind
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.stats import MAX_AGE_SECONDS, FeedStats
from tests.headers import frame_header


class FrameOfAge(EncodedFrame):
    """A frame whose age is the number in its header, whatever the clock says."""

    @property
    def age(self) -> float:
        return self.frame.header.monotonic


def sent(*ages: float, kind: Kind = "live") -> FeedStats:
    """The counters after frames of these ages were sent, as ten bytes each."""
    stats = FeedStats()
    for age in ages:
        frame = FrameView(frame_header("front", 1, monotonic=age), b"", memoryview(b""), memoryview(b""))
        stats.sent_to_viewer(FrameOfAge(frame), bytes(10), kind)
    return stats


@pytest.mark.parametrize(("number", "bound"), list(enumerate(AGE_BOUNDS_SECONDS)))
def test_a_bound_belongs_to_the_bucket_below_it(number: int, bound: float) -> None:
    ages = sent(bound, bound + 0.0001).ages
    assert (ages[number], ages[number + 1], sum(ages)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("age", "counted"), [(-5.0, 0.0), (0.0, 0.0), (1e12, MAX_AGE_SECONDS), (MAX_AGE_SECONDS + 1, 3600.0)]
)
def test_the_age_of_a_wrong_clock_is_limited(age: float, counted: float) -> None:
    stats = sent(age)
    assert stats.age_seconds == counted
    assert stats.ages[0 if counted == 0 else -1] == 1


def test_each_message_is_counted_with_its_bytes() -> None:
    stats = sent(0.1, 0.1, 0.1)
    assert (stats.sent, stats.sent_bytes, sum(stats.ages)) == (3, 30, 3)
    assert stats.camera_stats(1).renditions == {}


def test_messages_of_a_rendition_are_counted_for_it_as_well() -> None:
    stats = sent(0.1, 0.1, 0.1, kind="half")
    figures = stats.camera_stats(4, {"half": 1, "quarter": 2})
    assert (figures.sent, figures.sent_bytes) == (3, 30)
    assert figures.renditions == {
        "half": RenditionStats(viewers=1, sent=3, sent_bytes=30),
        "quarter": RenditionStats(viewers=2),
    }
    assert stats.camera_stats(0).renditions == {"half": RenditionStats(sent=3, sent_bytes=30)}


def test_what_was_not_sent_and_what_has_started_again_is_among_the_figures() -> None:
    stats = FeedStats()
    stats.skipped_line, stats.skipped_page, stats.runs = 3, 4, 5
    figures = stats.camera_stats(0)
    assert (figures.skipped_line, figures.skipped_page, figures.runs) == (3, 4, 5)


def test_the_figures_for_other_workers_are_a_copy_with_milliseconds() -> None:
    stats = sent(0.12345, 0.1)
    figures = stats.camera_stats(2)
    stats.ages[0] += 7
    assert (figures.viewers, figures.sent, figures.sent_bytes, figures.age_seconds) == (2, 2, 20, 0.223)
    assert (figures.ages[0], sum(figures.ages)) == (0, 2)


def test_nothing_is_counted_at_the_start() -> None:
    figures = FeedStats().camera_stats(0)
    assert (figures.received, figures.missed, figures.sent, figures.runs, figures.age_seconds) == (0, 0, 0, 0, 0.0)
    assert (figures.skipped_line, figures.skipped_page) == (0, 0)
    assert figures.ages == [0] * (len(AGE_BOUNDS_SECONDS) + 1)
