import logging

import pytest

from capture.repeat_log import RepeatLog
from capture.source import SourceError
from capture.trouble import OFFLINE_GRACE_SECONDS, Trouble
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trouble(clock: Clock, caplog: pytest.LogCaptureFixture) -> Trouble:
    caplog.set_level(logging.INFO)
    return Trouble("front", RepeatLog(logging.getLogger("trouble"), clock), now=clock)


def test_a_hiccup_is_logged_and_not_offline(trouble: Trouble, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    trouble.begin("unplugged")
    clock.seconds += OFFLINE_GRACE_SECONDS / 2
    trouble.flush()
    assert (trouble.reason, trouble.offline) == ("unplugged", False)
    trouble.end()
    clock.seconds += OFFLINE_GRACE_SECONDS
    assert (trouble.reason, trouble.offline) == ("", False)
    assert caplog.messages == ["camera front: unplugged; opening it again"]


def test_what_lasts_is_offline_and_logged_once(
    trouble: Trouble, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    trouble.begin("unplugged")
    clock.seconds += OFFLINE_GRACE_SECONDS / 2
    trouble.begin("busy")  # the grace began with the first failure
    clock.seconds += OFFLINE_GRACE_SECONDS / 2
    assert trouble.offline
    trouble.flush()
    trouble.flush()
    trouble.begin("busy")
    trouble.end()
    trouble.end()
    assert caplog.messages == [
        "camera front: unplugged; opening it again",
        "camera front: busy; opening it again",
        "camera front offline: busy",
        "camera front is back",
    ]


def test_a_camera_that_was_silent_is_offline_at_once(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    trouble.begin("no complete picture for 5 s", at_once=True)
    assert trouble.offline
    assert caplog.messages == ["camera front offline: no complete picture for 5 s"]


def test_failures_in_a_row_are_counted_by_kind_until_a_picture(trouble: Trouble) -> None:
    assert [trouble.count(SourceError) for _ in range(3)] == [1, 2, 3]
    assert trouble.count(ValueError) == 1
    trouble.end()
    assert trouble.count(ValueError) == 1
