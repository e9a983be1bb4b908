"""Which recorded frame is shown."""

from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from gateway.cameras.recorded_moments import REACH_SECONDS, first_frame, frame_beside, frame_shown, next_frame
from tests.framebus.recordings.segments import STARTED, store

SECOND = [0, 500, 1000, 1500]


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    store(tmp_path, STARTED, SECOND)
    store(tmp_path, STARTED + 10, SECOND)
    return RecordingFolder(tmp_path)


def since_start(moment: float) -> float:
    return round(moment - STARTED, 2)


def test_the_frame_on_the_screen_is_the_newest_up_to_the_moment(folder: RecordingFolder) -> None:
    for at, shown in ((0.0, 0.0), (0.99, 0.5), (5.0, 1.5), (REACH_SECONDS, 11.5), (-5.0, 0.0)):
        frame = frame_shown(folder, "front", STARTED + at)
        assert frame is not None
        assert since_start(frame.at) == shown
    assert frame_shown(folder, "front", STARTED + 11.6 + REACH_SECONDS) is None
    assert frame_shown(folder, "front", STARTED - 1 - REACH_SECONDS) is None
    assert frame_shown(folder, "back", STARTED) is None


def test_a_step_goes_over_gaps(folder: RecordingFolder) -> None:
    after, before = (frame_beside(folder, "front", STARTED + 1.5, step) for step in (1, -1))
    assert after is not None
    assert before is not None
    assert (since_start(after.at), since_start(before.at)) == (10, 1)


@pytest.mark.parametrize(
    ("begin", "backwards", "first", "gaps"),
    [
        (0.7, False, 0.5, []),
        (5.0, False, 10.0, [(5.0, 10.0)]),
        (5.0, True, 1.5, [(1.5, 5.0)]),
        (-100.0, False, 0.0, [(-100.0, 0.0)]),
        (-100.0, True, None, []),
        (20.0, False, None, []),
    ],
)
def test_where_a_film_begins(
    folder: RecordingFolder, begin: float, backwards: bool, first: float | None, gaps: list[tuple[float, float]]
) -> None:
    found = first_frame(folder, "front", STARTED + begin, backwards=backwards)
    assert (since_start(found.frame.at) if found.frame else None) == first
    assert [(since_start(begin), since_start(end)) for begin, end in found.gaps] == gaps


@pytest.mark.parametrize(
    ("last", "target", "backwards", "following", "gaps"),
    [
        (0.0, 0.1, False, 0.5, 0),
        (0.0, 1.2, False, 1.0, 0),
        (1.5, 1.6, False, 10.0, 1),
        (1.0, 11.2, False, 11.0, 1),
        (11.5, 60.0, False, None, 0),
        (1.5, 1.4, True, 1.0, 0),
        (1.5, 0.3, True, 0.5, 0),
        (10.0, 9.0, True, 1.5, 1),
        (0.0, -1.0, True, None, 0),
    ],
)
def test_what_follows_in_a_film(
    folder: RecordingFolder, last: float, target: float, backwards: bool, following: float | None, gaps: int
) -> None:
    found = next_frame(folder, "front", STARTED + last, STARTED + target, backwards=backwards)
    assert (since_start(found.frame.at) if found.frame else None) == following
    assert len(found.gaps) == gaps
